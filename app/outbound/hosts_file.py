"""HOSTS_FILE: what the operator says of single image hosts, as TOML."""

import re
import tomllib
from pathlib import Path

from app.domain.hosts.rules import HostRules, HostRulesInvalid

# tomllib's messages may quote the file; where in the file is all that is passed on.
_POSITION = re.compile(r"\(at (line [0-9]+), column [0-9]+\)\Z|\(at end of document\)\Z")


def read_hosts_file(path: Path) -> HostRules:
    """Read and check the whole file.

    Raises:
        HostRulesInvalid: it cannot be read or used; one sentence that names the file and, where
            there are, the host and the key, and never a value.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise HostRulesInvalid(f"{path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise HostRulesInvalid(f"{path}: it is no text in UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        position = _POSITION.search(str(error))
        where = (position[1] or "its end") if position else "some place"
        raise HostRulesInvalid(f"{path}: it is not valid TOML at {where}.") from None
    try:
        return HostRules.read(tables)
    except HostRulesInvalid as error:
        raise HostRulesInvalid(f"{path}: {error}") from None
