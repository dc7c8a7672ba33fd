"""Reads packages of Linux without their tools: what packages/test compares."""

import gzip
import hashlib
import io
import struct
import tarfile
import zlib
from pathlib import Path

# Each function returns the files by their paths ("/usr/bin/x"), as content and mode, and the description of the package.


def deb(file: Path) -> tuple:
    members = dict(ar(file.read_bytes()))
    if members["debian-binary"] != b"2.0\n":
        raise SystemExit(f"{file.name} is no deb")
    control = tar_files(gzip.decompress(members["control.tar.gz"]))
    return tar_files(gzip.decompress(members["data.tar.gz"])), fields(control["/control"][0].decode(), ": ")


def ar(data: bytes):
    at = 8
    while at < len(data):
        header = data[at:at + 60]
        size = int(header[48:58])
        yield header[:16].decode().strip().rstrip("/"), data[at + 60:at + 60 + size]
        at += 60 + size + size % 2


def apk(file: Path) -> tuple:
    """An apk is several tar.gz in a row; the description has the digest of the last one, as it is compressed."""
    data, parts = file.read_bytes(), []
    while data:
        unzip = zlib.decompressobj(wbits=31)
        plain = unzip.decompress(data)
        parts.append((plain, data[:len(data) - len(unzip.unused_data)]))
        data = unzip.unused_data
    control = tar_files(parts[-2][0])
    about = fields(control["/.PKGINFO"][0].decode(), " = ")
    if hashlib.sha256(parts[-1][1]).hexdigest() != about["datahash"]:
        raise SystemExit(f"{file.name} has a wrong digest")
    return tar_files(parts[-1][0]), about


def rpm(file: Path) -> tuple:
    data = file.read_bytes()
    _, end = rpm_header(data, 96)  # the signature
    header, end = rpm_header(data, (end + 7) // 8 * 8)
    return cpio(gzip.decompress(data[end:])), {"name": header[1000], "version": header[1001], "arch": header[1022]}


def rpm_header(data: bytes, at: int) -> tuple:
    """The strings of a header by their tags, and where it ends."""
    count, size = struct.unpack(">II", data[at + 8:at + 16])
    store = at + 16 + 16 * count
    strings = {}
    for i in range(count):
        tag, kind, offset, _ = struct.unpack(">IIII", data[at + 16 + 16 * i:at + 32 + 16 * i])
        if kind in (6, 9):  # a string; one in a language
            begin = store + offset
            strings[tag] = data[begin:data.index(b"\0", begin)].decode()
    return strings, store + size


def cpio(data: bytes) -> dict:
    files, at = {}, 0
    while True:
        numbers = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, length = numbers[1], numbers[6], numbers[11]
        name = data[at + 110:at + 110 + length - 1].decode()
        begin = (at + 110 + length + 3) // 4 * 4
        if name == "TRAILER!!!":
            return files
        if mode & 0o170000 == 0o100000:
            files["/" + name.lstrip("./")] = (data[begin:begin + size], mode & 0o7777)
        at = (begin + size + 3) // 4 * 4


def tar_files(data: bytes) -> dict:
    with tarfile.open(fileobj=io.BytesIO(data), ignore_zeros=True) as tar:
        return {"/" + m.name.removeprefix("./").lstrip("/"): (tar.extractfile(m).read(), m.mode) for m in tar if m.isfile()}


def fields(text: str, separator: str) -> dict:
    return dict(line.split(separator, 1) for line in text.splitlines() if separator in line and not line.startswith((" ", "#")))
