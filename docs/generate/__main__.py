"""`python -m docs.generate`: bring every made part of the documents up to date."""

import sys

from docs.generate.blocks import PageError
from docs.generate.files import ROOT, made_files


def main() -> int:
    """Write what has changed and name it; 1 when a page cannot be made, with the reason."""
    try:
        files = made_files()
    except PageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, text in files.items():
        path = ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
