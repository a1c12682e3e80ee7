"""Everything this library raises on purpose.

RagError
├── SettingsError          a setting is unknown, of the wrong type or out of range
│   └── RecipeError        a recipe is missing, or a key of it is unknown or out of range
├── QuestionError          a question is empty or too long, or a filter makes no sense
├── LoadError              a source cannot be read as text
│   └── SourceUnreachable  a source of a recipe cannot be reached now; what it held stays
├── IndexFault
│   ├── IndexNotFound      no index of that name has been built
│   ├── IndexMismatch      built with another embedder, dimension, splitter or newer format
│   ├── IndexDamaged       a file of the build is missing or does not match its checksum
│   ├── IndexBusy          another process is writing to this index
│   │   └── LeaseLost      another writer took over; nothing more may be written
│   ├── SourceVanished     most of a source has gone at once; nothing is dropped unasked
│   └── DiskFull           there is no room to write; nothing was published
├── ModelError
│   ├── WeightsMissing     a model's files are not on this machine
│   ├── WeightsAltered     a model's file does not match its checksum
│   └── GeneratorFailed    a generator or its endpoint did not answer in time, or nonsense
├── RecordAltered          a receipt or a report was changed after it was written, or is none
├── ArchiveRefused         a back-up file is damaged, unsafe or of a newer format
└── ExtraMissing           a feature needs an optional package; the message names the command

Every message says what happened, where, and what to do. Declining to answer is not an
error: see `rag.types.Outcome`.
"""


class RagError(Exception):
    """Base of every error this library raises on purpose."""

    exit_code = 1


class SettingsError(RagError):
    """A setting is unknown, of the wrong type or out of range."""

    exit_code = 2


class RecipeError(SettingsError):
    """A recipe is missing, or a key of it is unknown, of the wrong type or out of range."""


class QuestionError(RagError):
    """A question is empty or too long, or a filter makes no sense."""

    exit_code = 2


class LoadError(RagError):
    """A source cannot be read as text."""


class SourceUnreachable(LoadError):
    """A source of a recipe cannot be reached now; what it held stays in the index."""


class IndexFault(RagError):
    """An index on disk cannot be used."""


class IndexNotFound(IndexFault):
    """No index of that name has been built."""


class IndexMismatch(IndexFault):
    """The index was built with another embedder, dimension, splitter or newer format."""


class IndexDamaged(IndexFault):
    """A file of the build is missing or does not match its checksum."""


class IndexBusy(IndexFault):
    """Another process is writing to this index; the exit code is EX_TEMPFAIL of sysexits.h."""

    exit_code = 75


class LeaseLost(IndexBusy):
    """Another writer took over the index; this one must not write any more."""


class SourceVanished(IndexFault):
    """Most of a source has gone at once, as when a drive is not mounted; nothing was dropped."""


class DiskFull(IndexFault):
    """There is no room to write; nothing was published."""


class ModelError(RagError):
    """Weights are missing, or a model returned the wrong shape."""


class WeightsMissing(ModelError):
    """A model's files are not on this machine."""


class WeightsAltered(ModelError):
    """A model's file does not match its checksum."""


class GeneratorFailed(ModelError):
    """A generator or its endpoint failed, ran out of time or returned nonsense."""


class RecordAltered(RagError):
    """A receipt or a report was changed after it was written, or is none."""


class ArchiveRefused(RagError):
    """A back-up file is damaged, unsafe or of a newer format; nothing was taken from it."""


class ExtraMissing(RagError):
    """A feature needs an optional package."""

    def __init__(self, feature: str, extra: str) -> None:
        """Say which `extra` of this package brings `feature`."""
        super().__init__(f"{feature} needs an optional package: pip install 'quotewell[{extra}]'")
        self.extra = extra
