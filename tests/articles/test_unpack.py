"""What is uploaded is taken apart safely, whatever a zip file says of itself."""

import random
import stat
import struct
from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from articles.exchange import unpacking
from articles.exchange.unpacking import MOST_ARTICLES, MOST_FILES, UploadError, unpack
from tests.articles.uploading import picture, text, zipped

ONE = text("one")


def unpacked(**files: bytes) -> dict[str, bytes]:
    return unpack([SimpleUploadedFile(name, content) for name, content in files.items()])[0]


def unpacked_zip(content: bytes) -> dict[str, bytes]:
    return unpack([SimpleUploadedFile("all.zip", content)])[0]


def zip_of(*infos: tuple[ZipInfo | str, bytes], compression: int = ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", compression) as archive:
        for info, content in infos:
            archive.writestr(info, content)
    return file.getvalue()


def refusal(content: bytes) -> str:
    with pytest.raises(UploadError) as caught:
        unpacked_zip(content)
    return str(caught.value)


def with_claimed_size(content: bytes, size: int) -> bytes:
    """Return a zip file of one file that claims another size, in both places where one stands."""
    return _with(content, size=size)


def _with(content: bytes, *, size: int | None = None, flags: int | None = None) -> bytes:
    changed = bytearray(content)
    for signature, flags_at, size_at in ((b"PK\x03\x04", 6, 22), (b"PK\x01\x02", 8, 24)):
        start = changed.index(signature)
        if size is not None:
            struct.pack_into("<L", changed, start + size_at, size)
        if flags is not None:
            struct.pack_into("<H", changed, start + flags_at, flags)
    return bytes(changed)


def test_folders_are_kept_and_what_is_hidden_is_passed_over() -> None:
    files = {"a/one.md": ONE, "a/images/duct.png": picture(), ".git/two.md": ONE, "__MACOSX/a/._one.md": b"x"}
    assert unpacked_zip(zipped(files)) == {"a/one.md": ONE, "a/images/duct.png": picture()}


def test_texts_beside_a_zip_file_are_taken_with_it() -> None:
    assert set(unpacked(**{"two.md": ONE, "all.zip": zipped({"one.md": ONE})})) == {"one.md", "two.md"}


def test_names_are_taken_as_every_system_writes_them() -> None:
    names = ["./one.md", "a//two.md", "b\\three.md", "Brüste 🥛.md", "u\u0308ber.md"]
    assert set(unpacked_zip(zipped(dict.fromkeys(names, ONE)))) == {
        "one.md",
        "a/two.md",
        "b/three.md",
        "Brüste 🥛.md",
        "über.md",
    }


@pytest.mark.parametrize(
    "name",
    ["../one.md", "a/../../one.md", "/etc/one.md", "C:\\one.md", "c:one.md", "..\\one.md", "a/..", "\\\\host\\one.md"],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    assert "leads out of the folder" in refusal(zip_of((name, ONE)))


@pytest.mark.parametrize("name", ["one\n.md", "one\r\nX-Header: x.md", "\x1b[31mone.md", "\x7f.md"])
def test_a_name_with_a_control_character_is_refused_and_not_repeated(name: str) -> None:
    said = refusal(zip_of((name, ONE)))
    assert "has a character in it that no name can have" in said
    assert said.isprintable()


@pytest.mark.parametrize("name", ["x" * 500 + ".md", "ü" * 130 + ".md", "a/" * 12 + "one.md"])
def test_a_name_that_is_too_long_is_refused(name: str) -> None:
    assert "is too long" in refusal(zip_of((name, ONE)))


@pytest.mark.parametrize(
    "names",
    [
        ("one.md", "one.md"),
        ("one.md", "ONE.md"),
        ("a/one.md", "a\\one.md"),
        ("a.md", "a.md/b.md"),
        ("a.md/b.md", "a.md"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_there_twice_is_refused(names: tuple[str, str]) -> None:
    assert "is there twice" in refusal(zip_of(*((name, ONE) for name in names)))


def test_a_file_that_is_also_beside_the_zip_file_is_refused() -> None:
    with pytest.raises(UploadError, match="is there twice"):
        unpacked(**{"one.md": ONE, "all.zip": zipped({"one.md": ONE})})


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_a_link_or_device_is_refused(kind: int) -> None:
    info = ZipInfo("one.md")
    info.external_attr = (kind | 0o777) << 16
    assert "is a link or device" in refusal(zip_of((info, b"/etc/passwd")))


def test_an_encrypted_file_is_refused() -> None:
    assert "is encrypted" in refusal(_with(zipped({"one.md": ONE}), flags=1))


def test_a_zip_file_in_a_zip_file_is_refused() -> None:
    assert "is a zip file in a zip file" in refusal(zipped({"one.md": ONE, "in.ZIP": zipped({"two.md": ONE})}))


@pytest.mark.parametrize("compression", [ZIP_BZIP2, ZIP_LZMA])
def test_an_unusual_compression_is_refused(compression: int) -> None:
    assert "packed in a way that is not read here" in refusal(zip_of(("one.md", ONE), compression=compression))


def test_too_many_files_are_refused() -> None:
    assert unpacked_zip(zipped({"one.md": ONE} | {f"{number}.png": b"x" for number in range(MOST_FILES - 1)}))
    for count in (MOST_FILES + 1, 10_000):
        assert f"more than {MOST_FILES} files" in refusal(zipped({f"{number}.md": b"" for number in range(count)}))


def test_too_many_articles_are_refused() -> None:
    files = {f"{number}.md": ONE for number in range(MOST_ARTICLES)}
    assert len(unpacked_zip(zipped(files))) == MOST_ARTICLES
    assert f"more than {MOST_ARTICLES} articles" in refusal(zipped({**files, "plain.txt": b"x"}))


def test_too_much_text_is_refused() -> None:
    assert unpacked_zip(zipped({"a.md": bytes(10**6), "b.txt": bytes(10**6), "c.png": bytes(10**6)}))
    assert "texts are larger than 2 MB together" in refusal(zipped({f"{n}.md": bytes(700_000) for n in range(3)}))


def test_a_list_of_files_that_is_too_long_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = zipped({f"{number}.md": b"" for number in range(20_000)})
    monkeypatch.setattr(unpacking, "ZipFile", None)
    assert f"more than {MOST_FILES} files" in refusal(content)
    # The larger form of the end, which names a list of any size.
    end = content.index(b"PK\x05\x06")
    large = content[:end] + b"PK\x06\x07" + bytes(16) + content[end:]
    assert f"more than {MOST_FILES} files" in refusal(large)


def test_too_much_is_refused_before_it_is_unpacked() -> None:
    assert "larger than 10 MB" in refusal(zipped({"one.md": bytes(11 * 1024**2)}))
    assert "larger than 10 MB" in refusal(with_claimed_size(zipped({"one.md": ONE}), 1024**3))
    part = bytes(9 * 1024**2)
    assert "larger than 50 MB together" in refusal(zipped({f"{number}.png": part for number in range(6)}))
    with pytest.raises(UploadError, match="larger than 10 MB"):
        unpacked(**{"one.md": bytes(11 * 1024**2)})


def test_a_file_that_is_larger_than_it_claims_is_refused() -> None:
    bomb = zipped({"one.md": bytes(20 * 1024**2)})
    assert "is damaged" in refusal(with_claimed_size(bomb, 10))


def test_files_that_share_their_bytes_count_in_full() -> None:
    """Many names for the same packed bytes: small to upload, large to unpack."""
    archive = zipped({"aaa.png": bytes(9 * 1024**2)})
    start, end = archive.index(b"PK\x01\x02"), archive.rindex(b"PK\x05\x06")
    entry = archive[start:end]
    entries = b"".join(entry.replace(b"aaa.png", f"aa{number}.png".encode()) for number in range(9))
    record = bytearray(archive[end:])
    struct.pack_into("<HHL", record, 8, 9, 9, len(entries))
    assert "larger than 50 MB together" in refusal(archive[:start] + entries + bytes(record))


def test_without_a_text_there_is_nothing_to_import() -> None:
    for files in ({}, {"duct.png": picture()}, {"notes.pdf": b"%PDF"}, {".one.md": ONE}):
        assert refusal(zipped(files)) == "There is no Markdown or text file in there."


@pytest.mark.parametrize("compression", [ZIP_STORED, ZIP_DEFLATED])
def test_a_damaged_zip_file_is_refused_or_read(compression: int) -> None:
    whole = zip_of(("one.md", ONE * 20), ("images/duct.png", picture()), compression=compression)
    chance = random.Random(4)
    refused = 0
    for _attempt in range(600):
        broken = bytearray(whole)
        for _change in range(chance.randint(1, 6)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        del broken[chance.choice([len(broken), chance.randrange(1, len(broken))]) :]
        try:
            unpacked_zip(bytes(broken))
        except UploadError:
            refused += 1
    assert 300 < refused < 600
