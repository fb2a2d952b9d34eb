"""A few bytes that stand for very many, in what a lab has packed."""

import hashlib
import struct
import zlib
from pathlib import Path

import pytest

from loopwright.git import PrivateGit, private
from loopwright.testing.repository import Repository

PIECE, PIECES = 0xFFFFFF, 16  # the most that one step of a delta copies, and how often it does
WHOLE = PIECE * PIECES  # 256 MiB


def named(kind: str, data: bytes) -> bytes:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).digest()


def number(value: int) -> bytes:
    """As packs have numbers: seven bits a byte, the lowest first."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + number(rest) if rest else bytes([low])


def entry(kind: int, data: bytes, base: bytes = b"") -> bytes:
    rest = len(data) >> 4
    head = bytes([kind << 4 | len(data) & 15 | (0x80 if rest else 0)]) + (number(rest) if rest else b"")
    return head + base + zlib.compress(data)


def bundled() -> bytes:
    """A bundle of one commit with one file, which is a delta upon a file of zeros."""
    base = bytes(PIECE)
    blob = named("blob", bytes(WHOLE))
    tree = b"100644 zeros\0" + blob
    who = "r <r@x> 1700000000 +0000"
    commit = f"tree {named('tree', tree).hex()}\nauthor {who}\ncommitter {who}\n\nzeros\n".encode()
    delta = number(PIECE) + number(WHOLE) + b"\xf0\xff\xff\xff" * PIECES
    entries = [entry(1, commit), entry(2, tree), entry(3, base), entry(7, delta, named("blob", base))]
    pack = b"PACK" + struct.pack(">II", 2, len(entries)) + b"".join(entries)
    head = f"# v2 git bundle\n{named('commit', commit).hex()} HEAD\n\n".encode()
    return head + pack + hashlib.sha1(pack, usedforsecurity=False).digest()


@pytest.mark.parametrize(("memory", "brought"), [(100 << 20, False), (1 << 30, True)])
def test_git_takes_no_more_memory_for_what_a_lab_packed_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int, brought: bool
) -> None:
    monkeypatch.setattr(private, "_MEMORY", memory)
    hub = Repository.init(tmp_path / "hub")
    (tmp_path / "bundle").write_bytes(bundled())
    lab = PrivateGit(tmp_path / "git", tmp_path / "work", hub.path / ".git/objects")
    assert lab.bring(tmp_path / "bundle", "HEAD", "refs/loopwright/brought") == brought
