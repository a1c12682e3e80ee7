"""Zip archives from strangers: every member is accounted for before one is unpacked.

Names never become paths; members are read into memory only, against a running total.
"""

import io
import zipfile

from lxml import etree

from rag.errors import LoadError

_MOST_MEMBERS = 10_000
_MOST_RATIO = 200
_RATIO_FROM = 10 * 2**20
_LOCAL_HEADER = 30


class Archive:
    """The members of a zip archive, checked against bombs."""

    def __init__(self, data: bytes, unpacked_mb: int) -> None:
        """Check the directory of the archive.

        Raises:
            LoadError: If it is encrypted, or unpacks to more than is sane.
            zipfile.BadZipFile: If it is damaged.
        """
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        self._left = unpacked_mb * 2**20
        self._limit_mb = unpacked_mb
        infos = self._zip.infolist()
        if len(infos) > _MOST_MEMBERS:
            raise LoadError(f"holds {len(infos)} members, more than any document needs; refused")
        if any(info.flag_bits & 1 for info in infos):
            raise LoadError("is protected by a password; save a copy without one")
        _check_sizes(infos, self._left)
        _check_overlap(infos, len(data))
        self.names = {info.filename: info for info in infos if not info.is_dir()}

    def read(self, name: str) -> bytes:
        """Return the bytes of a member.

        Raises:
            KeyError: If there is no such member.
            LoadError: If it unpacks to more than it said, or past the total allowed.
        """
        info = self.names[name]
        with self._zip.open(info) as member:
            data = member.read(info.file_size + 1)
        self._left -= len(data)
        if len(data) > info.file_size or self._left < 0:
            raise _too_large(self._limit_mb)
        return data

    def xml(self, name: str) -> "etree._Element":
        """Return the root of an XML member."""
        return parse_xml(self.read(name))


def parse_xml(data: bytes) -> "etree._Element":
    """Return the root of `data`, with no entity expanded and no network.

    Raises:
        LoadError: If it declares a document type, or is not XML.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise LoadError(f"holds damaged XML ({error.msg}); save it again") from None
    if root.getroottree().docinfo.internalDTD is not None and _has_entities(root):
        raise LoadError("holds XML that declares entities, as no office program writes; refused")
    return root


def _has_entities(root: "etree._Element") -> bool:
    dtd = root.getroottree().docinfo.internalDTD
    return dtd is not None and next(dtd.iterentities(), None) is not None


def _check_sizes(infos: list[zipfile.ZipInfo], most: int) -> None:
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if unpacked > most:
        raise _too_large(most // 2**20)
    if unpacked > _RATIO_FROM and unpacked > _MOST_RATIO * max(packed, 1):
        raise LoadError(f"unpacks to {unpacked // max(packed, 1)} times its size; refused")


def _too_large(limit_mb: int) -> LoadError:
    return LoadError(f"unpacks to more than {limit_mb} MB; split it or raise ingest.unpacked_mb")


def _check_overlap(infos: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse members that share bytes, the trick of small and endless bombs (CVE-2024-0450)."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        start = info.header_offset
        if start < end:
            raise LoadError("holds archive members that overlap; refused")
        end = start + _LOCAL_HEADER + len(info.filename.encode()) + info.compress_size
    if end > size:
        raise zipfile.BadZipFile("a member reaches past the end of the file")
