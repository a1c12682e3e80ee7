"""What a repository has committed, read without running anything of it."""

import os
import shutil
import subprocess

import pytest

from indexes.sources import Git
from rag.errors import RecipeError, SourceUnreachable
from rag.reports import FileReport

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="needs git")

WHO = {"GIT_AUTHOR_NAME": "n", "GIT_AUTHOR_EMAIL": "n@example.org"}
WHO |= {"GIT_COMMITTER_NAME": "n", "GIT_COMMITTER_EMAIL": "n@example.org"}
ENV = {**os.environ, **WHO, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder, *arguments):
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, env=ENV, text=True).stdout


def commit(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_md", ".md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, a_md="one", docs__b_md="two")
    return folder


def source(folder, **options):
    return Git(name="wiki", path=folder, **options)


def texts(content):
    return {item.source: item.path.read_text() for item in content.items}


def test_committed_files_are_copied_under_the_sources_name(repository, mirror):
    (repository / "a.md").write_text("not committed")
    (repository / "c.md").write_text("not committed")

    content = source(repository).gather(mirror)

    assert texts(content) == {"wiki/a.md": "one", "wiki/docs/b.md": "two"}
    assert all(item.path.suffix == ".md" for item in content.items)
    assert all(item.path.is_relative_to(content.root) for item in content.items)


def test_only_changed_files_are_written_and_files_keep_their_place(repository, mirror):
    before = {item.source: item for item in source(repository).gather(mirror).items}
    times = {name: item.path.stat().st_mtime_ns for name, item in before.items()}
    commit(repository, a_md="one, changed")

    content = source(repository).gather(mirror)

    assert {item.source: item for item in content.items} == before
    changed = {n for n, i in before.items() if i.path.stat().st_mtime_ns != times[n]}
    assert changed == {"wiki/a.md"}


def test_a_file_that_was_removed_is_removed(repository, mirror):
    source(repository).gather(mirror)
    git(repository, "rm", "-q", "a.md")
    git(repository, "commit", "-qm", "less")

    content = source(repository).gather(mirror)

    assert texts(content) == {"wiki/docs/b.md": "two"}
    assert len(list(content.root.iterdir())) == 1


def test_a_branch_a_tag_and_a_commit_can_be_named(repository, mirror):
    first = git(repository, "rev-parse", "HEAD").strip()
    git(repository, "tag", "-a", "v1", "-m", "v1")
    git(repository, "checkout", "-q", "-b", "next")
    commit(repository, a_md="newer")

    for ref, text in (("v1", "one"), ("next", "newer"), (first, "one"), ("main", "one")):
        assert texts(source(repository, ref=ref).gather(mirror))["wiki/a.md"] == text


@pytest.mark.parametrize("bare", [True, False])
def test_a_clone_is_read_bare_or_not(repository, mirror, tmp_path, bare):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", *(["--bare"] if bare else []), str(repository), str(clone))

    assert len(source(clone).gather(mirror).items) == 2


def test_a_linked_working_tree_is_read(repository, mirror, tmp_path):
    git(repository, "worktree", "add", "-q", str(tmp_path / "tree"))

    assert len(source(tmp_path / "tree").gather(mirror).items) == 2


def test_patterns_choose(repository, mirror):
    commit(repository, docs__c_md="three", docs__old__d_md="four")

    content = source(repository, include=("docs/",), exclude=("old/",)).gather(mirror)

    assert sorted(texts(content)) == ["wiki/docs/b.md", "wiki/docs/c.md"]


def test_links_submodules_and_large_files_are_reported(repository, mirror):
    (repository / "link.md").symlink_to("/etc/passwd")
    commit(repository, big_md="x" * (2**20 + 1))
    head = git(repository, "rev-parse", "HEAD").strip()
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},module")
    git(repository, "commit", "-qm", "module")

    content = source(repository, max_mb=1).gather(mirror)

    refused = {i.source: i.reason for i in content.items if isinstance(i, FileReport)}
    assert set(refused) == {"wiki/link.md", "wiki/module", "wiki/big.md"}
    assert refused["wiki/link.md"] == "The file is a symbolic link; give the file it points to."
    assert refused["wiki/big.md"] == "The file is larger than 1 MB; raise max_mb to read it."
    assert "submodule" in refused["wiki/module"]


@pytest.mark.parametrize(
    "name", ["-rf.md", "a b.md", "line\nbreak.md", "tab\t.md", '"quoted".md', "ä.md", "x\udcff.md"]
)
def test_odd_names_are_read(repository, mirror, name):
    (repository / name).write_text("odd")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "odd")

    assert "odd" in texts(source(repository).gather(mirror)).values()


def test_nothing_of_the_repository_is_executed(repository, mirror, tmp_path):
    canary = tmp_path / "canary"
    script = tmp_path / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch {canary}\ncat\n")
    script.chmod(0o755)
    (repository / ".gitattributes").write_text("* filter=evil diff=evil\n")
    commit(repository, a_md="three")
    for name in (
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.alternateRefsCommand",
    ):
        git(repository, "config", name, str(script))
    for hook in ("post-checkout", "post-index-change", "pre-auto-gc", "fsmonitor-watchman"):
        path = repository / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        shutil.copy(script, path)

    content = source(repository).gather(mirror)

    assert texts(content)["wiki/a.md"] == "three"
    assert not canary.exists()


def test_a_partial_clone_does_not_fetch_what_it_lacks(repository, mirror, tmp_path):
    canary, script, clone = tmp_path / "canary", tmp_path / "pack.sh", tmp_path / "clone"
    git(repository, "config", "uploadpack.allowFilter", "true")
    url = f"file://{repository}"
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", url, str(clone))
    script.write_text(f'#!/bin/sh\ntouch {canary}\nexec git-upload-pack "$@"\n')
    script.chmod(0o755)
    git(clone, "config", "remote.origin.uploadpack", str(script))

    with pytest.raises(SourceUnreachable, match="'wiki' cannot be read"):
        source(clone).gather(mirror)

    assert not canary.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder to another user")
def test_a_repository_of_another_user_is_read(repository, mirror):
    for path in (repository, *repository.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)

    assert len(source(repository).gather(mirror).items) == 2


def test_our_own_git_variables_do_not_lead_elsewhere(repository, mirror, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "elsewhere"))

    assert len(source(repository).gather(mirror).items) == 2


def test_a_replaced_object_is_not_taken_for_the_one_committed(repository, mirror):
    blob = git(repository, "rev-parse", "HEAD:a.md").strip()
    other = git(repository, "rev-parse", "HEAD:docs/b.md").strip()
    git(repository, "replace", blob, other)

    assert texts(source(repository).gather(mirror))["wiki/a.md"] == "one"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda repository: {"folder": repository / "docs"}, "there is no git repository"),
        (lambda repository: {"folder": repository / "gone"}, "there is no git repository"),
        (lambda repository: {"folder": repository, "ref": "no-such"}, "no commit 'no-such'"),
        (lambda repository: {"folder": repository, "ref": "HEAD:a.md"}, "no commit|a.md"),
    ],
    ids=["a folder of it", "nothing", "no such ref", "a ref that is no commit"],
)
def test_what_cannot_be_read_is_unreachable_and_its_copies_stay(repository, mirror, change, says):
    before = texts(source(repository).gather(mirror))

    with pytest.raises(SourceUnreachable, match=says):
        source(**change(repository)).gather(mirror)

    assert {path.read_text() for path in (mirror / "files").iterdir()} == set(before.values())


def test_a_missing_object_is_unreachable_and_named(repository, mirror):
    blob = git(repository, "rev-parse", "HEAD:a.md").strip()
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    with pytest.raises(SourceUnreachable, match=blob):
        source(repository).gather(mirror)


@pytest.mark.parametrize("ref", ["", " ", "--help", "-x"])
def test_a_ref_that_is_none_is_refused(tmp_path, ref):
    with pytest.raises(RecipeError, match="key 'ref' must be a branch, tag or commit"):
        source(tmp_path, ref=ref)
