import os
import random
import tempfile
from pathlib import Path

import pytest

from tests.faults.forge import Forge
from tests.faults.world import prepared

MEMORY = Path("/dev/shm")


def pytest_collection_modifyitems(items):
    """Everything in this folder is deselected by default and run by `make faults`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def fast_folder():
    """A folder in memory where there is one: nothing here is about how slow a disk is."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place, prefix="faults-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def forge(fast_folder):
    with Forge(fast_folder) as started:
        yield started


@pytest.fixture(scope="session")
def world(forge, fast_folder):
    return prepared(forge, fast_folder / "world")


@pytest.fixture(scope="session")
def empty_world(forge, fast_folder):
    return prepared(forge, fast_folder / "empty-world", empty=True)


@pytest.fixture
def seed(request):
    """A seed that is printed when a test fails; FAULTS_SEED repeats a run."""
    drawn = int(os.environ.get("FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"FAULTS_SEED={drawn}")
    return drawn


@pytest.fixture(scope="session")
def rebuilt_world(forge, fast_folder):
    return prepared(forge, fast_folder / "rebuilt-world", writer="rebuild")


@pytest.fixture(scope="session")
def early_world(forge, fast_folder):
    return prepared(forge, fast_folder / "early-world", early=True)
