"""Read the pages of a site that runs here, and look at what became of them."""

from indexes.sources import Web


def web(site, *paths, **manners):
    pages = tuple(path if "://" in path else site.url(path) for path in paths)
    manners = {"delay_s": 0.0, "allow_private": True, "timeout_s": 5.0, **manners}
    return Web(name="site", pages=pages, **manners)


def texts(content):
    return {item.source: item.path.read_text("utf-8") for item in content.items}


def only(content):
    (item,) = content.items
    return item


def state_of(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
