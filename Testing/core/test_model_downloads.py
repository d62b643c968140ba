"""Weights are fetched with consent only, continue after a break, and appear only with the right checksum."""

import hashlib
import stat
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from Testing.core import model_folders

from renal_segmentation.errors import CancelledError, ConsentError, InputError, ModelError
from renal_segmentation.models import archives, download
from renal_segmentation.models.archives import copy_folder, only_folder, unpack
from renal_segmentation.models.download import Offer
from renal_segmentation.models.importing import install_model
from renal_segmentation.models.taking_turns import taking_turns

CONTENT = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """A server on this machine that can break the line, ignore Range, or fail."""

    breaks = 0
    ranges = True
    path = ""
    status = 200
    length = None

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/weights.zip"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        self.server.path = self.path
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.ranges else 0
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        if start >= len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", self.server.length or str(len(body)))
        self.end_headers()
        if self.server.breaks:
            self.server.breaks -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "_PAUSE_S", 0.0)
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def fetch(server, target, sha256=SHA256, **options):
    download.download(Offer("Weights", server.url, sha256, "Apache-2.0", 1), target, **{"consent": yes} | options)


def yes(_) -> bool:
    return True


def test_nothing_is_fetched_without_consent(server, tmp_path):
    asked = []
    with pytest.raises(ConsentError, match=r"agree to Weights \(Apache-2.0, 1 MB\) from http"):
        fetch(server, tmp_path / "w.zip", consent=lambda question: asked.append(question) or False)
    assert len(asked) == 1
    assert server.asked == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_arrives_whole_with_progress_to_the_end(server, tmp_path):
    shares = []
    fetch(server, tmp_path / "w.zip", progress=lambda step, share: shares.append(share))
    assert (tmp_path / "w.zip").read_bytes() == CONTENT
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["w.zip"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_calls_for_one_model_take_turns(server, tmp_path, monkeypatch, overwrite):
    archive = model_folders.zipped(model_folders.bundle(tmp_path / "mine"), tmp_path / "mine.zip").read_bytes()
    monkeypatch.setenv("RENAL_MODELS", str(tmp_path / "models"))
    monkeypatch.setitem(globals(), "CONTENT", archive)
    waits, ends = threading.Event(), []

    def install(progress):
        try:
            checksum = hashlib.sha256(archive).hexdigest()
            ends.append(install_model(server.url, checksum, overwrite=overwrite, consent=yes, progress=progress))
        except InputError as error:
            ends.append(str(error))

    def hold(step, share):
        if step == "Fetching" and not waits.is_set():
            second.start()
            assert waits.wait(20)

    second = threading.Thread(
        target=install, args=(lambda step, _: waits.set() if step.startswith("Waiting for another") else None,)
    )
    install(hold)
    second.join()
    assert ends[0] == "weights"
    assert ends[1].startswith("weights" if overwrite else "There is a model weights already")
    assert server.asked == [None] * (1 + overwrite)
    assert [path.suffix for path in (tmp_path / "models/.downloads").iterdir()] == [".lock"]


def test_a_call_that_was_killed_holds_nobody_up(tmp_path):
    source = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from renal_segmentation.models.taking_turns import taking_turns\n"
        "with taking_turns(Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", source, str(tmp_path / "w")], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().strip() == b"held"
        with pytest.raises(CancelledError), taking_turns(tmp_path / "w", stopped):
            pytest.fail("two at once")
        process.kill()
    with taking_turns(tmp_path / "w", stopped):
        pass


def stopped(*_):
    raise CancelledError("Stopped.")


def test_a_broken_line_is_continued_where_it_broke(server, tmp_path):
    server.breaks = 2
    fetch(server, tmp_path / "w.zip")
    assert (tmp_path / "w.zip").read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={len(CONTENT) // 2}-", f"bytes={len(CONTENT) * 3 // 4}-"]


def test_a_server_that_ignores_ranges_gives_the_whole_file_again(server, tmp_path):
    server.breaks, server.ranges = 1, False
    fetch(server, tmp_path / "w.zip")
    assert (tmp_path / "w.zip").read_bytes() == CONTENT


def test_a_line_that_always_breaks_is_an_error_that_keeps_the_part(server, tmp_path):
    server.breaks = 99
    with pytest.raises(ModelError, match=r"could not be fetched .* call again to continue"):
        fetch(server, tmp_path / "w.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["w.zip.part"]
    server.breaks = 0
    fetch(server, tmp_path / "w.zip")
    assert (tmp_path / "w.zip").read_bytes() == CONTENT


def test_cancelling_keeps_the_part_for_the_next_time(server, tmp_path):
    def stop(step: str, share: float) -> None:
        if share > 0.4:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        fetch(server, tmp_path / "w.zip", progress=stop)
    part = (tmp_path / "w.zip.part").stat().st_size
    assert 0 < part < len(CONTENT)
    fetch(server, tmp_path / "w.zip")
    assert server.asked[-1] == f"bytes={part}-"


def test_a_wrong_checksum_is_refused_and_leaves_nothing(server, tmp_path):
    with pytest.raises(ModelError, match="another checksum"):
        fetch(server, tmp_path / "w.zip", "0" * 64)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="is not a SHA-256"):
        fetch(server, tmp_path / "w.zip", "abc")


def test_a_part_of_another_file_is_not_mixed_into_this_one(server, tmp_path):
    (tmp_path / "w.zip.part").write_bytes(b"something else")
    with pytest.raises(ModelError, match="another checksum"):
        fetch(server, tmp_path / "w.zip")
    fetch(server, tmp_path / "w.zip")
    (tmp_path / "v.zip.part").write_bytes(CONTENT + b"more")
    fetch(server, tmp_path / "v.zip")
    assert (tmp_path / "v.zip").read_bytes() == CONTENT


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    (tmp_path / "w.zip").write_bytes(CONTENT)
    fetch(server, tmp_path / "w.zip", consent=lambda _: False)
    assert server.asked == []


def test_an_address_in_any_script_is_fetched_and_a_length_that_is_no_number_is_not_believed(server, tmp_path):
    server.length = "abc"
    offer = Offer("Weights", server.url.replace("weights.zip", "модель 1.zip?a=%20b"), SHA256)
    download.download(offer, tmp_path / "w.zip", yes)
    assert (tmp_path / "w.zip").read_bytes() == CONTENT
    assert server.path == "/%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C%201.zip?a=%20b"


@pytest.mark.parametrize("status", [404, 503])
def test_a_refusing_server_is_named(server, tmp_path, status):
    server.status = status
    with pytest.raises(ModelError, match=server.url):
        fetch(server, tmp_path / "w.zip")
    assert list(tmp_path.iterdir()) == []


def test_only_web_addresses_are_fetched(tmp_path):
    with pytest.raises(InputError, match="is not a web address"):
        download.download(Offer("W", "file:///etc/passwd", SHA256), tmp_path / "w", yes)


def zipped(path, *members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_a_zip_file_is_unpacked_and_a_folder_around_it_is_found(tmp_path):
    unpack(zipped(tmp_path / "a.zip", ("b/c/x.json", "{}"), ("b/y", "1")), tmp_path / "out")
    assert (tmp_path / "out/b/c/x.json").read_text() == "{}"
    assert only_folder(tmp_path / "out") == tmp_path / "out/b"


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/tmp/evil", "..\\evil", "C:/evil"])
def test_a_path_that_leaves_the_folder_is_refused_before_anything_is_written(tmp_path, name):
    archive = zipped(tmp_path / "a.zip", ("good", "1"), (name, "2"))
    with pytest.raises(InputError, match="leaves the model's folder"):
        unpack(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_links_in_a_zip_file_are_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(InputError, match="has a link"):
        unpack(zipped(tmp_path / "a.zip", (link, "/etc/passwd")), tmp_path / "out")


def test_bombs_are_refused(tmp_path, monkeypatch):
    bomb = zipped(tmp_path / "a.zip", ("zeros", bytes(17 << 20)), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="grows more than 200 times"):
        unpack(bomb, tmp_path / "out")
    monkeypatch.setattr(archives, "LARGEST_BYTES", 1 << 20)
    with pytest.raises(InputError, match="would take more than"):
        unpack(bomb, tmp_path / "out")
    monkeypatch.setattr(archives, "MOST_FILES", 1)
    with pytest.raises(InputError, match="holds 2 files"):
        unpack(zipped(tmp_path / "b.zip", ("a", ""), ("b", "")), tmp_path / "out")


def test_a_file_that_is_larger_than_its_list_says_is_refused(tmp_path):
    archive = zipped(tmp_path / "a.zip", ("w", b"x" * 1000))
    data = archive.read_bytes()
    size = (1000).to_bytes(4, "little")
    directory = data.rindex(b"PK\x01\x02")
    archive.write_bytes(data[:directory] + data[directory:].replace(size, (10).to_bytes(4, "little"), 2))
    with pytest.raises(InputError):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_archives_and_other_files_are_refused(tmp_path, compression):
    archive = zipped(tmp_path / "a.zip", ("w", CONTENT[:1000]), compression=compression)
    data = bytearray(archive.read_bytes())
    data[40:60] = bytes(20)
    archive.write_bytes(data)
    with pytest.raises(InputError, match="is not a zip file, or is damaged"):
        unpack(archive, tmp_path / "out")
    archive.write_bytes(b"hello")
    with pytest.raises(InputError, match="is not a zip file"):
        unpack(archive, tmp_path / "out2")


def test_a_folder_with_links_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/link").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="holds a link"):
        copy_folder(tmp_path / "a", tmp_path / "b")
