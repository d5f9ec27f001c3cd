"""Every curl command of docs/api.md, as typed, against a running service."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from docs.generate.contract import Contract, Operation
from tests.docs.conftest import KEY
from tests.docs.pages import Command, commands
from tests.docs.scene import Scene, check_document
from tests.integration.api.parts import Service
from tests.parts.process import find_program

PAGE = "docs/api.md"
CURL = re.compile(r"(?<![\w./-])curl ")
# Every curl reads it: after each answer it says the status, apart from what the answer says.
CURLRC = """
silent
show-error
max-time = 20
write-out = "%{stderr}<%{http_code}>"
"""


def curls() -> dict[str, list[Command]]:
    """The page's commands by the heading that they stand under."""
    found: dict[str, list[Command]] = {}
    for command in commands(PAGE):
        if CURL.search(command.text):
            found.setdefault(command.heading, []).append(command)
    return found


def operation_of(contract: Contract, heading: str) -> Operation | None:
    return next((each for each in contract.operations if each.heading == heading), None)


def run(
    script: str, *, folder: Path, service: Service, request_id: str, delivery_id: str, hook: str
) -> tuple[list[str], str]:
    """Run a script as a reader would; the statuses of its calls, and what it printed."""
    find_program("curl", install="apt-get install curl")
    (folder / ".curlrc").write_text(CURLRC)
    environment = {
        "PATH": os.environ["PATH"],
        "CURL_HOME": str(folder),
        "API": service.base_url,
        "ID": request_id,
        "DELIVERY_ID": delivery_id,
        "HOOK": hook,
        "KEY": KEY,
    }
    done = subprocess.run(
        ["bash", "-uc", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    said = done.stderr.decode()
    assert done.returncode == 0, said
    assert re.sub(r"<\d+>", "", said) == ""
    return re.findall(r"<(\d+)>", said), done.stdout.decode(errors="replace")


@pytest.mark.parametrize("heading", curls())
def test_the_commands_under_the_heading_do_what_stands_behind_them(
    heading: str, contract: Contract, scene: Scene, guarded: Service, tmp_path: Path
) -> None:
    operation = operation_of(contract, heading)
    request_id = scene.request_for(operation)
    scene.write_files(tmp_path)
    under = curls()[heading]
    # The made command of a route runs alone, so that what it prints can be looked at.
    scripts = [under[:1], under[1:]] if operation is not None else [under]
    for script in filter(None, scripts):
        statuses, printed = run(
            "\n".join(command.text for command in script),
            folder=tmp_path,
            service=guarded if heading == "Keys" else scene.service,
            request_id=request_id,
            delivery_id=scene.delivery_of(request_id).get("id", ""),
            hook=scene.receiver.url,
        )
        assert statuses == [command.comment.split()[0] for command in script], printed
        if operation is not None and script == scripts[0]:
            response = operation.responses[operation.success]
            if "application/json" in response.get("content", {}):
                check_document(contract, response, "application/json", json.loads(printed))


def test_every_route_has_a_command_of_its_own(contract: Contract) -> None:
    found = curls()
    for operation in contract.operations:
        assert found[operation.heading][0].comment.startswith(operation.success), operation.heading


def test_every_code_of_a_problem_is_explained(contract: Contract) -> None:
    page = Path(__file__).resolve().parents[2].joinpath(PAGE).read_text(encoding="utf-8")
    for operation in contract.operations:
        for status, code, _ in operation.problems():
            assert re.search(rf"^\| `{code}` \| {status} \| .+ \| .+ \|", page, re.MULTILINE), code
