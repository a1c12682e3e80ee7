"""Where documents come from: one file a kind, each of which leaves files to be read."""

from collections.abc import Mapping

from indexes.sources.content import Content, Source
from indexes.sources.feed import Feed
from indexes.sources.folder import Folder
from indexes.sources.git import Git
from indexes.sources.remote import Remote
from indexes.sources.sitemap import Sitemap
from indexes.sources.web import Web

KINDS: Mapping[str, type[Source]] = {
    "folder": Folder,
    "web": Web,
    "sitemap": Sitemap,
    "feed": Feed,
    "git": Git,
    "remote": Remote,
}
"""Every kind of source, by what a recipe calls it."""

__all__ = ["KINDS", "Content", "Feed", "Folder", "Git", "Remote", "Sitemap", "Source", "Web"]
