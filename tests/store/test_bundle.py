"""A store as one file: the same files come back, and nobody can hide anything in one."""

import hashlib
import io
import json
import lzma
import tarfile

import pytest

from rlgen.errors import RlgenError, StoreError
from rlgen.store import bundle, opening, packing, unpacking
from rlgen.util.seeding import stream

FILES = {
    "store.json": b'{"format":1,"protocol":"x"}\n',
    "plan.json": b"[]\n",
    "runs/aa/records.parquet": bytes(range(256)) * 40,
    "runs/aa/policy.safetensors": b"weights",
    "runs/bb/records.parquet": b"",
    "runs/bb/readings.json": b"[1]",
    "parts/fig 2\N{LATIN SMALL LETTER E WITH ACUTE}.toml": b"x = 1\n",
    "report.html": b"<html>",
    ".rlgen/logs/aa.log": b"log",
    "runs/aa/.part.123": b"half",
}
KEPT = {path for path in FILES if not path.startswith((".", "report")) and "/." not in path}


@pytest.fixture
def store(tmp_path):
    for path, content in FILES.items():
        (tmp_path / "s" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "s" / path).write_bytes(content)
    return tmp_path / "s"


@pytest.fixture
def written(store, tmp_path):
    return packing.write(store, tmp_path / "s.tar.xz").path


def files(folder):
    """Contents by path, but for what begins with a dot."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {path: content for path, content in named.items() if not path.startswith(".")}


@pytest.mark.parametrize("weights", [False, True])
def test_the_same_files_come_back(store, tmp_path, weights):
    result = packing.write(store, tmp_path / "b", weights=weights)
    kept = KEPT if weights else KEPT - {"runs/aa/policy.safetensors"}
    assert result.left_out == len(KEPT) - len(kept)
    assert {member.path for member in result.members} == kept
    assert bundle.is_bundle(result.path)
    (tmp_path / "back").mkdir()  # an empty folder is as good as none
    unpacking.unpack(result.path, tmp_path / "back")
    assert files(tmp_path / "back") == {path: FILES[path] for path in kept}
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"s", "b", "back"}, "nothing half done is left"
    assert packing.write(tmp_path / "back", tmp_path / "c", weights=weights).size == result.size
    assert (tmp_path / "c").read_bytes() == (tmp_path / "b").read_bytes()


def test_any_tar_unpacks_it_and_it_tells_neither_times_nor_owners(written, tmp_path):
    with tarfile.open(written) as archive:
        members = archive.getmembers()
        archive.extractall(tmp_path / "tar", filter="data")
    assert {(m.mtime, m.uid, m.uname, m.mode) for m in members} == {(0, 0, "", 0o644)}
    lines = json.loads((tmp_path / "tar" / bundle.MANIFEST).read_bytes())["files"]
    for path, size, sha256 in lines:
        content = (tmp_path / "tar" / path).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (size, sha256)


def test_bytes_depend_on_nothing_but_the_files(store, written, tmp_path):
    (store / "plan.json").touch()
    (store / "runs" / "aa").chmod(0o700)
    (store / ".rlgen" / "more").write_text("other")
    (store / "report.html").unlink()
    assert packing.write(store, tmp_path / "again").path.read_bytes() == written.read_bytes()


def test_what_a_bundle_cannot_hold_is_refused(store, tmp_path):
    with pytest.raises(StoreError, match=r"is a folder; name a file, such as s\.tar\.xz"):
        packing.write(store, tmp_path)
    with pytest.raises(StoreError, match="lies in the store itself"):
        packing.write(store, store / "b")
    with pytest.raises(RlgenError, match=r"nowhere.*No such file"):
        packing.write(store, tmp_path / "nowhere" / "b")
    (tmp_path / "file").write_text("")
    with pytest.raises(RlgenError, match=r"file/b: cannot be written: Not a directory$"):
        packing.write(store, tmp_path / "file" / "b")
    (store / "runs" / "cc").symlink_to(store / "runs" / "aa")
    with pytest.raises(StoreError, match="runs/cc: is no file"):
        packing.write(store, tmp_path / "b")
    (store / "runs" / "cc").unlink()
    (store / "runs" / ("c" * 120)).write_text("")
    with pytest.raises(StoreError, match="cannot be in a bundle"):
        packing.write(store, tmp_path / "b")
    assert not (tmp_path / "b").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_folder_that_holds_something_is_left_alone(written, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="full: cannot be written to: Directory not empty"):
        unpacking.unpack(written, tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    assert not list(tmp_path.glob(".*"))


def header(name, size=0, **fields):
    member = tarfile.TarInfo(name)
    member.size = size
    for key, value in fields.items():
        setattr(member, key, value)
    return member.tobuf(tarfile.USTAR_FORMAT)


def block(content):
    return content + bytes(-len(content) % 512)


def entry(path, content=b""):
    return [path, len(content), hashlib.sha256(content).hexdigest()]


def archive(manifest, body=b"", end=bytes(1024)):
    """A file with this manifest and these members."""
    text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    return lzma.compress(header(bundle.MANIFEST, len(text)) + block(text) + body + end)


STORE = header("store.json", 2) + block(b"{}")
LISTED = entry("store.json", b"{}")


def listing(*entries, **keys):
    return {"format": 1, "files": [LISTED, *entries]} | keys


def sound(*entries, body=b"", **keys):
    return archive(listing(*entries, **keys), STORE + body)


def bare(path, **fields):
    """A file that holds another member, as its manifest says."""
    return sound(entry(path), body=header(path, **fields))


HOSTILE = {
    "nothing": (b"", "neither the folder of a store nor a bundle"),
    "a script": (b"print('hello')\n", "neither the folder of a store nor a bundle"),
    "magic alone": (bundle.MAGIC, "cut off"),
    "another archive": (lzma.compress(header("a.txt", 1) + block(b"a")), "begin with MANIFEST"),
    "no archive": (lzma.compress(b"x" * 5000), "a header is damaged"),
    "of nothing": (lzma.compress(b""), "ends too early"),
    "an end alone": (lzma.compress(bytes(1024)), "a header is damaged"),
    "a later format": (sound(format=2), "format 2; this rlgen reads 1"),
    "no format": (archive([]), "format None"),
    "a manifest of bytes": (archive(b"\xff\xfe"), "is no text"),
    "a manifest that is no JSON": (archive(b"{"), "no bundle that can be read"),
    "a deep manifest": (archive(b"[" * 100_000), "no bundle that can be read"),
    "a manifest that is too large": (
        lzma.compress(header(bundle.MANIFEST, unpacking.MOST_MANIFEST + 1)),
        "begin with MANIFEST",
    ),
    "no files": (archive({"format": 1}), "lists no files"),
    "too many files": (
        archive({"format": 1, "files": [0] * (unpacking.MOST_FILES + 1)}),
        "or more than 200,000",
    ),
    "an entry of another form": (sound(["a", 1]), "MANIFEST.json is damaged"),
    "an entry with a negative size": (sound(["a", -1, "0" * 64]), "MANIFEST.json is damaged"),
    "an entry whose size is true": (sound(["a", True, "0" * 64]), "MANIFEST.json is damaged"),
    "an entry with another hash": (sound(["a", 1, "md5"]), "MANIFEST.json is damaged"),
    "an entry whose path is a number": (sound([1, 1, "0" * 64]), "MANIFEST.json is damaged"),
    "no store": (archive({"format": 1, "files": []}), "holds no store.json"),
    "a bomb that says so": (sound(["a", 1 << 40, "0" * 64]), "it unpacks to 1,099,511,"),
    "many bombs": (
        sound(*(["a", 1 << 25, "0" * 64] for _ in range(9))),
        "it unpacks to 301,989,890 bytes; at most 67,108,864",
    ),
    "a bomb that says no": (
        sound(entry("a", b"ab"), body=header("a", 1 << 30) + bytes(1 << 20)),
        "'a' (1,073,741,824 bytes) where its manifest says 'a' (2 bytes)",
    ),
    "twice in the manifest": (sound(LISTED, body=STORE), "holds 'store.json' twice"),
    "twice in the archive": (sound(body=STORE), "more than its manifest says"),
    "not in the manifest": (sound(body=header("b")), "more than its manifest says"),
    "missing": (sound(entry("b")), "a header is damaged"),
    "in another order": (
        sound(entry("a"), entry("b"), body=header("b") + header("a")),
        "'b' (0 bytes) where its manifest says 'a'",
    ),
    "another content": (
        sound(entry("a", b"a"), body=header("a", 1) + block(b"b")),
        "a is not what its SHA-256",
    ),
    "hidden between": (
        sound(entry("a", b"a"), body=header("a", 1) + b"a" + b"x" * 511),
        "hidden between",
    ),
    "a file that is a folder": (
        sound(entry("a"), entry("a/b"), body=header("a") + header("a/b")),
        "'a' as a file and as a folder",
    ),
    "a second manifest": (bare("MANIFEST.json"), "no path of a store's file"),
    "a link": (bare("a", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "no plain file"),
    "a hard link": (bare("a", type=tarfile.LNKTYPE, linkname="store.json"), "no plain file"),
    "a link that says it is none": (bare("a", linkname="/etc/passwd"), "no plain file"),
    "a folder": (bare("a", type=tarfile.DIRTYPE), "no plain file"),
    "a device": (bare("a", type=tarfile.CHRTYPE), "no plain file"),
    "a pipe": (bare("a", type=tarfile.FIFOTYPE), "no plain file"),
    "a header for the next header": (bare("a", type=tarfile.XHDTYPE), "no plain file"),
    "a long name": (bare("a", type=tarfile.GNUTYPE_LONGNAME), "no plain file"),
    "a sparse file": (bare("a", type=tarfile.GNUTYPE_SPARSE), "no plain file"),
    "a second stream": (sound() + sound(), "something follows its end"),
    "a tail": (sound() + b"x", "something follows its end"),
    "a window that takes more memory than is given": (
        lzma.compress(b"x", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 28}]),
        "emory usage limit",
    ),
} | {
    f"the path {path!r}": (bare(path), "no path of a store's file")
    for path in (
        "../a",
        "runs/../../a",
        "/etc/passwd",
        "a//b",
        "a/./b",
        ".rlgen/a",
        "a/.ssh/b",
        "a\\b",
        "C:a",
        "a\nb",
        "a\x1bb",
        "a/b/c/d/e/f/g/h/i",
        "a/",
        "",
    )
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_answered_and_writes_nothing(tmp_path, name):
    content, answer = HOSTILE[name]
    (tmp_path / "evil").write_bytes(content)
    with pytest.raises(StoreError) as error:
        unpacking.unpack(tmp_path / "evil", tmp_path / "out")
    message = str(error.value)
    assert answer in message
    assert message.startswith(f"{tmp_path / 'evil'}: ")
    assert "\n" not in message
    assert error.value.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["evil"]


def test_the_sound_one_is_read(tmp_path):
    """What the hostile ones are changed from."""
    (tmp_path / "b").write_bytes(sound(entry("a", b"a"), body=header("a", 1) + block(b"a")))
    unpacking.unpack(tmp_path / "b", tmp_path / "out")
    assert files(tmp_path / "out") == {"store.json": b"{}", "a": b"a"}


def test_flipped_bits_and_cut_files_are_answered(written, tmp_path):
    good = written.read_bytes()
    rng = stream(0, "flips")
    damaged = tmp_path / "damaged"
    for _ in range(100):
        changed = bytearray(good)
        changed[rng.integers(len(good))] ^= 1 << int(rng.integers(8))
        damaged.write_bytes(changed)
        with pytest.raises(StoreError):
            unpacking.unpack(damaged, tmp_path / "out")
    for size in range(0, len(good), 31):
        damaged.write_bytes(good[:size])
        with pytest.raises(StoreError):
            unpacking.unpack(damaged, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_flipped_bits_inside_are_answered(written, tmp_path):
    """As somebody would change them who packs the archive again."""
    plain = lzma.decompress(written.read_bytes())
    rng = stream(1, "flips")
    damaged = tmp_path / "damaged"
    for _ in range(100):
        changed = bytearray(plain)
        position = int(rng.integers(len(plain)))
        changed[position] ^= 1 << int(rng.integers(8))
        damaged.write_bytes(lzma.compress(changed, preset=0))
        try:
            unpacking.unpack(damaged, tmp_path / f"out{position}")
        except StoreError:
            continue
        # A header's checksum is not changed by what tar does not read, nor the manifest's meaning.
        kept = {path: FILES[path] for path in KEPT - {"runs/aa/policy.safetensors"}}
        assert files(tmp_path / f"out{position}") == kept


def test_a_bundle_is_a_store_for_as_long_as_it_is_read(written):
    with opening.opened(written) as store:
        assert store.path.name == written.name
        assert store.done() == ["aa", "bb"]
        assert store.plan() == []
    assert not store.path.exists()
    with (
        pytest.raises(StoreError, match=f"^{written}/protocol.toml: cannot be read"),
        opening.opened(written) as store,
    ):
        store.declared()
    with (
        pytest.raises(StoreError, match="does not exist"),
        opening.opened(written.with_name("nothing")),
    ):
        pass
    with pytest.raises(StoreError, match="is a bundle, which never changes, and takes no notes"):
        opening.refuse_bundle(written, "takes no notes")
    opening.refuse_bundle(written.parent, "takes no notes")


def test_nothing_of_what_is_written_is_a_pickle(written):
    plain = lzma.decompress(written.read_bytes())
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        assert not [m.name for m in tar.getmembers() if m.name.endswith((".pkl", ".pickle", ".pt"))]
