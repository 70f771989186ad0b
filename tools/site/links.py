"""Checks a built site: every link inside it leads to a page and a place on it, and nothing that a page needs is elsewhere."""
import html.parser
import pathlib
import posixpath
import re
import urllib.parse


class Page(html.parser.HTMLParser):
    """The links, needs and anchors of one page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.needs, self.anchors = set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors.update(v for k, v in attrs if k in ("id", "name") and v)
        if tag == "a" and given.get("href"):
            self.links.add(given["href"])
        if tag in ("script", "img", "iframe", "source", "video") and given.get("src"):
            self.needs.add(given["src"])
        if tag == "link" and given.get("href") and given.get("rel") in ("stylesheet", "icon", "preload", "preconnect"):
            self.needs.add(given["href"])


def inside(page, link):
    """(path in the site, anchor), or None for a link to elsewhere."""
    parts = urllib.parse.urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), urllib.parse.unquote(parts.path))) if parts.path else page
    return path, urllib.parse.unquote(parts.fragment)


def faults(site):
    """Sentences about what is wrong."""
    site = pathlib.Path(site)
    pages = {str(p.relative_to(site)): Page(p.read_text()) for p in sorted(site.rglob("*.html"))}
    for name, page in pages.items():
        for need in page.needs:
            place = inside(name, need)
            if place is None and not need.startswith("data:"):
                yield f"{name}: needs {need}, which is not part of the site"
            elif place is not None and name != "404.html" and not (site / place[0]).is_file():
                yield f"{name}: needs {need}, which is missing"
        for link in page.links:
            place = inside(name, link)
            if place is None or name == "404.html":
                continue
            path = posixpath.join(place[0], "index.html") if (site / place[0]).is_dir() else place[0]
            if not (site / path).is_file():
                yield f"{name}: the link {link} leads nowhere"
            elif place[1] and path in pages and place[1] not in pages[path].anchors and place[1] != "__top":
                yield f"{name}: the link {link} names a place that {path} does not have"
    for sheet in sorted(site.rglob("*.css")):
        for need in re.findall(r"url\((?![\"']?(?:data:|#))[\"']?(.*?)[\"']?\)|@import [\"'](.*?)[\"']", sheet.read_text()):
            target = (need[0] or need[1]).split("?")[0].split("#")[0]
            if "://" in target or not (sheet.parent / target).is_file():
                yield f"{sheet.relative_to(site)}: needs {target}, which is not part of the site"
