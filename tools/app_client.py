"""A user of the running app without a browser: speaks Streamlit's own messages, so that a machine can hold fifty.

For tests of what belongs to whom, and for `make soak`. It draws nothing; what the page says it keeps as text.
"""

import http.client
import secrets
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

ENDED = 0  # ScriptFinishedStatus: it ran to its end, and not only to a click


@dataclass
class AppClient:
    """One open page. `texts` is what it says, `widgets` its controls: kind and label -> id.

    Args:
        address: of the server.
        cookies: of the browser; two clients that share them are two tabs.
    """

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    widgets: dict[tuple[str, str], str] = field(default_factory=dict)
    session: str = ""
    state: dict[str, WidgetState] = field(default_factory=dict)
    query: str = ""

    def __enter__(self) -> Self:
        self.request("GET", "/_stcore/health")
        token, cookies = self.cookies["_streamlit_xsrf"], "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        origin: Any = self.address
        protocols: Any = ["streamlit", token, *([self.session] if self.session else [])]
        self.socket = connect(
            self.address.replace("http", "ws", 1) + "/_stcore/stream", proxy=None, max_size=None, origin=origin,
            subprotocols=protocols, additional_headers={"cookie": cookies},
        )  # fmt: skip
        response = self.socket.response
        for header in response.headers.get_all("set-cookie") if response else ():
            self._keep(header)
        return self

    def __exit__(self, *failure: object) -> None:
        self.socket.close()

    def open(self, page: str = "detect", query: str = "", seconds: float = 120) -> list[str]:
        """Go to a page and wait until it is drawn; what it says."""
        self.page, self.query = page, query
        return self.settle(seconds)

    def settle(self, seconds: float = 120) -> list[str]:
        """Run the page until nothing is under way any more; what it says. Raises TimeoutError."""
        end = time.monotonic() + seconds
        self.run()
        while ("button", "Cancel") in self.widgets:
            if time.monotonic() > end:
                raise TimeoutError(" | ".join(self.texts))
            time.sleep(0.5)  # as a page asks
            self.run()
        return self.texts

    def run(self, *pressed: WidgetState) -> list[str]:
        """One run of the page, with the controls as they stand and some just `pressed`; what it says."""
        message = BackMsg()
        state = message.rerun_script
        state.page_name, state.query_string = self.page, self.query
        state.widget_states.widgets.extend([*self.state.values(), *pressed])
        self.socket.send(message.SerializeToString())
        self.texts, self.widgets = [], {}
        while True:
            answer = self._receive()
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.session, self.texts, self.widgets = answer.new_session.initialize.session_id, [], {}
            elif kind == "delta":
                self._note(answer.delta)
            elif kind == "script_finished" and answer.script_finished == ENDED:
                return self.texts

    def press(self, label: str) -> list[str]:
        """Click a button; what the page says then."""
        return self.run(WidgetState(id=self.widgets["button", label], trigger_value=True))

    def slide(self, label: str, value: float) -> list[str]:
        """Move a slider; what the page says then."""
        name = self.widgets["slider", label]
        self.state[name] = WidgetState(id=name)
        self.state[name].double_array_value.data.append(value)
        return self.run()

    def upload(self, label: str, name: str, data: bytes) -> list[str]:
        """Put a file into the uploader whose label begins with `label`; what the page says then."""
        widget = next(one for (kind, text), one in self.widgets.items() if kind == "file_uploader" and label in text)
        ask = BackMsg()
        ask.file_urls_request.request_id, ask.file_urls_request.session_id = secrets.token_hex(8), self.session
        ask.file_urls_request.file_names.append(name)
        self.socket.send(ask.SerializeToString())
        while (answer := self._receive()).WhichOneof("type") != "file_urls_response":
            pass
        place = answer.file_urls_response.file_urls[0]
        status = self.put(place.upload_url, name, data)
        if status != 204:
            raise OSError(f"the upload was answered with {status}")
        pressed = WidgetState(id=widget)
        one = pressed.file_uploader_state_value.uploaded_file_info.add()
        one.name, one.size, one.file_id = name, len(data), place.file_id
        one.file_urls.CopyFrom(place)
        return self.run(pressed)

    def put(self, path: str, name: str, data: bytes) -> int:
        """Send a file's bytes to where the server asked for them; the status of its answer."""
        line = secrets.token_hex(16)
        head = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{line}--\r\n".encode()
        token = {"X-Xsrftoken": self.cookies["_streamlit_xsrf"]}
        kind = {"Content-Type": f"multipart/form-data; boundary={line}"}
        return self.request("PUT", path, body, {**token, **kind})[0]

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One request with this browser's cookies: status and body."""
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=120)
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        connection.request(method, f"/{path.lstrip('/')}", body, {"Origin": self.address, **cookies, **(headers or {})})
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self._keep(value)
        data = answer.read()
        connection.close()
        return answer.status, data

    def says(self, words: str) -> bool:
        return any(words in text for text in self.texts)

    def _receive(self) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(self.socket.recv(timeout=120))
        return message

    def _keep(self, header: str) -> None:
        first = header.split(";", 1)[0]
        name, _, value = first.partition("=")
        if SimpleCookie(first) or name.startswith("_streamlit"):
            self.cookies[name.strip()] = value

    def _note(self, delta: Any) -> None:
        """Keep what an element says, and its name if it is a control."""
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        element: Any = getattr(delta.new_element, kind) if kind else None
        if getattr(element, "id", "") and getattr(element, "label", ""):
            self.widgets[kind, element.label] = element.id
        said = [getattr(element, part, "") for part in ("body", "text")]
        self.texts.extend(text for text in said if isinstance(text, str) and text)
