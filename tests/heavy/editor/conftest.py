"""
A real YAML language server, as an editor runs it, with the schema where `init` puts it.

It is fetched once for each run of the tests, through the `npm` of the machine; where that is missing they are skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, Self

import pytest

from threatmodel import resources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

VERSIONS = ("1.19.2", "2.0.0")
"""An older version that editors still ship, and the newest when this was written."""
INSTALL_SECONDS = 180.0
ANSWER_SECONDS = 30.0
CURSOR = "¦"
"""Marks the place of the cursor in a text; it is taken out before the text is sent."""


@pytest.fixture(scope="session", params=VERSIONS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """Give a running server with a folder open in which `.threatmodel/` holds the schema."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("needs node and npm")
    package = f"yaml-language-server@{request.param}"
    place = tmp_path_factory.mktemp("npm")
    command = [npm, "install", "--prefix", str(place), "--no-audit", "--no-fund", "--no-save", package]
    installed = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    if installed.returncode:
        pytest.skip(f"npm could not install {package}: {installed.stderr.strip()[-300:]}")
    folder = tmp_path_factory.mktemp("project")
    (folder / ".threatmodel").mkdir()
    schema = folder / ".threatmodel" / "system-1.schema.json"
    schema.write_text(resources.schema_text("system-1"), encoding="utf-8")
    entry = place / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    with LanguageServer(node, entry, folder) as running:
        yield running


class LanguageServer:
    """A `yaml-language-server` over its standard streams, with one folder open."""

    def __init__(self, node: str, entry: Path, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen([node, str(entry), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._inbox: Queue[dict[str, Any]] = Queue()
        self._later: list[dict[str, Any]] = []
        self._next_id = 0
        self._documents = 0
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        """Greet the server as an editor with Markdown in its pop-ups does."""
        markdown = ["markdown", "plaintext"]
        completion = {"completionItem": {"documentationFormat": markdown, "snippetSupport": True}}
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": self._folder.as_uri(),
                "capabilities": {
                    "textDocument": {
                        "completion": completion,
                        "hover": {"contentFormat": markdown},
                        "publishDiagnostics": {},
                    },
                },
                "workspaceFolders": [{"uri": self._folder.as_uri(), "name": "folder"}],
            },
        )
        self.notify("initialized", {})
        yaml = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
        self.notify("workspace/didChangeConfiguration", {"settings": {"yaml": yaml}})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the process, and wait for it."""
        self._process.terminate()
        self._process.wait(timeout=ANSWER_SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Tell the server something that it does not answer."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: dict[str, Any]) -> Any:  # noqa: ANN401  the protocol says what each gives
        """Ask the server, and wait for what it says."""
        self._next_id += 1
        wanted = self._next_id
        self._send({"jsonrpc": "2.0", "id": wanted, "method": method, "params": params})
        answer = self._wait(lambda message: message.get("id") == wanted and "method" not in message)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, text: str) -> tuple[str, dict[str, int]]:
        """
        Open a new document.

        Args:
            text: What it says; `CURSOR` marks a place, the end is meant where it is missing.

        Returns:
            The address of the document, and the place as the protocol writes it.
        """
        before, _, after = text.partition(CURSOR)
        self._documents += 1
        uri = (self._folder / f"system-{self._documents}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": before + after}
        self.notify("textDocument/didOpen", {"textDocument": document})
        lines = before.split("\n")
        return uri, {"line": len(lines) - 1, "character": len(lines[-1])}

    def complete(self, text: str) -> dict[str, str]:
        """What is offered at the cursor, each with its documentation."""
        uri, position = self.open(text)
        answer = self.request("textDocument/completion", {"textDocument": {"uri": uri}, "position": position})
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: _text(item.get("documentation")) for item in items}

    def hover(self, text: str) -> str:
        """What is shown about the word at the cursor; empty where nothing is."""
        uri, position = self.open(text)
        answer = self.request("textDocument/hover", {"textDocument": {"uri": uri}, "position": position})
        return _text(answer["contents"]) if answer else ""

    def diagnose(self, text: str) -> list[tuple[int, str]]:
        """The problems of a text: the line of each, counted from 1, and its message."""
        uri, _ = self.open(text)
        published = self._wait(
            lambda message: (
                message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri
            )
        )
        found = published["params"]["diagnostics"]
        return [(problem["range"]["start"]["line"] + 1, problem["message"]) for problem in found]

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        stream = self._process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stream.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = stream.readline()
            self._inbox.put(json.loads(stream.read(length)))

    def _wait(self, wanted: Any) -> dict[str, Any]:  # noqa: ANN401
        for message in self._later:
            if wanted(message):
                self._later.remove(message)
                return message
        while True:
            try:
                message = self._inbox.get(timeout=ANSWER_SECONDS)
            except Empty:
                raise TimeoutError("the language server did not answer") from None
            if "id" in message and "method" in message:
                self._answer(message)
            elif wanted(message):
                return message
            else:
                self._later.append(message)

    def _answer(self, message: dict[str, Any]) -> None:
        """Answer what the server asks: the settings for each section it names, nothing for the rest."""
        result: Any = None
        if message["method"] == "workspace/configuration":
            yaml = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
            result = [yaml if item.get("section") == "yaml" else {} for item in message["params"]["items"]]
        self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})


def _text(content: Any) -> str:  # noqa: ANN401  a string, or an object with one, or nothing
    if isinstance(content, dict):
        return str(content["value"])
    return content or ""
