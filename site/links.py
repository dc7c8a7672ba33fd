"""What the site needs that the documents, read in the repository, do not: files
outside of docs/ as pages, and links out of docs/ that lead to the repository. A link
to a file that is not there fails the build, as mkdocs does for those in docs/."""

import posixpath
import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changes.md",
    "packages/node/README.md": "node.md",
    "packages/java/README.md": "java.md",
    "packages/rust/README.md": "rust.md",
    "packages/ruby/README.md": "ruby.md",
    "packages/php/README.md": "php.md",
    "packages/python/README.md": "python.md",
}
LINK = re.compile(r"(\]\()([^)\s]+)(\))")


def on_files(files, config):
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown, page, config, files):
    source = {page: source for source, page in PAGES.items()}.get(page.file.src_uri, "docs/" + page.file.src_uri)

    def rewrite(match):
        target, hash_, anchor = match[2].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if not (ROOT / path).exists():
            raise PluginError(f"{source}: a link to {target}, which is not there")
        if path in PAGES:
            path = PAGES[path]
        elif path.startswith("docs/"):
            path = path[len("docs/"):]
        else:
            kind = "tree" if (ROOT / path).is_dir() else "blob"
            return f"{match[1]}{config.repo_url}/{kind}/main/{path}{hash_}{anchor}{match[3]}"
        return f"{match[1]}{path}{hash_}{anchor}{match[3]}"

    # Links in code are text.
    parts = re.split(r"(^```.*?^```)", markdown, flags=re.M | re.S)
    return "".join(p if p.startswith("```") else LINK.sub(rewrite, p) for p in parts)
