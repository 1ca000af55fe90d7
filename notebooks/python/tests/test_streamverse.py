"""What needs no platform: frames, training sets, refusals. Run by `npm run test:notebooks`."""

import hashlib
import json
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import streamverse

TABLE = pa.table({"titleId": ["a", "b"], "views": pa.array([3, None], pa.uint64())})


class Endpoint(BaseHTTPRequestHandler):
    """Answers as the platform does: Arrow, a refusal, or "come back later" once."""

    asked: list[tuple[str, str, str]] = []
    busy = 0

    def do_POST(self):
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        Endpoint.asked.append((self.path, self.headers["authorization"], text))
        if Endpoint.busy > 0:
            Endpoint.busy -= 1
            return self._send(429, b"{}", {"retry-after": "0"})
        if text.startswith("DROP"):
            refusal = {"code": "SV_SQL_NOT_ALLOWED", "message": "Only SELECT.", "fix": "Ask a SELECT."}
            return self._send(403, json.dumps(refusal).encode(), {})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, TABLE.schema) as writer:
            writer.write_table(TABLE)
        self._send(200, sink.getvalue().to_pybytes(), {"x-streamverse-snapshot": "first"})

    def _send(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.server = HTTPServer(("127.0.0.1", 0), Endpoint)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.client = streamverse.Client(f"http://127.0.0.1:{self.server.server_port}/", "sk_x")

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def test_answers_come_as_the_frame_asked_for(self):
        self.assertEqual(list(self.client.sql("SELECT 1")["titleId"]), ["a", "b"])
        self.assertEqual(self.client.sql("SELECT 1", as_="polars").shape, (2, 2))
        self.assertEqual(self.client.sql("SELECT 1", as_="arrow"), TABLE)
        self.assertEqual(self.client.snapshot_id, "first")
        path, key, text = Endpoint.asked[-1]
        self.assertEqual((path, key, text), ("/sql?format=arrow", "Bearer sk_x", "SELECT 1"))
        with self.assertRaises(ValueError):
            self.client.sql("SELECT 1", as_="excel")

    def test_a_refusal_keeps_its_code_and_what_to_do(self):
        with self.assertRaises(streamverse.StreamVerseError) as raised:
            self.client.sql("DROP TABLE views")
        self.assertEqual(raised.exception.code, "SV_SQL_NOT_ALLOWED")
        self.assertIn("Ask a SELECT.", str(raised.exception))

    def test_waits_when_it_is_told_to(self):
        Endpoint.busy = 2
        self.assertEqual(self.client.sql("SELECT 1", as_="arrow").num_rows, 2)

    def test_says_when_nothing_listens(self):
        with self.assertRaises(streamverse.StreamVerseError) as raised:
            streamverse.Client("http://127.0.0.1:1", "sk_x").sql("SELECT 1")
        self.assertEqual(raised.exception.code, "SV_SQL_UNREACHABLE")

    def test_takes_no_statement_for_a_table(self):
        with self.assertRaises(ValueError):
            self.client.columns("views; DROP TABLE views")


class DatasetTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        pq.write_table(TABLE, self.path / "train.parquet")
        self.digest = hashlib.sha256((self.path / "train.parquet").read_bytes()).hexdigest()

    def tearDown(self):
        self.folder.cleanup()

    def write(self, digest):
        manifest = {"seed": 7, "files": [{"name": "train.parquet", "sha256": digest}]}
        (self.path / "manifest.json").write_text(json.dumps(manifest))

    def test_reads_a_folder_and_a_file_with_their_manifest(self):
        self.write(self.digest)
        for where in (self.path, self.path / "train.parquet"):
            read = streamverse.dataset(where)
            self.assertEqual(read.manifest["seed"], 7)
            self.assertEqual(read.frame(as_="arrow"), TABLE)

    def test_joins_parts_and_reads_arrow(self):
        with pa.OSFile(str(self.path / "train-2.arrows"), "wb") as sink:
            with pa.ipc.new_stream(sink, TABLE.schema) as writer:
                writer.write_table(TABLE)
        self.assertEqual(streamverse.dataset(self.path).frame(as_="arrow").num_rows, 4)

    def test_notices_a_file_that_was_changed(self):
        self.write("0" * 64)
        with self.assertRaises(ValueError):
            streamverse.dataset(self.path)

    def test_says_when_there_is_none(self):
        with self.assertRaises(FileNotFoundError):
            streamverse.dataset(self.path / "nothing")


if __name__ == "__main__":
    unittest.main()
