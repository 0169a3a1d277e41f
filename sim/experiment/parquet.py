"""A Parquet file of one row group, for columns of numbers and of codes into few words.

PyArrow packs codes into as few bits as will do, value by value; that alone takes longer than all
of this, and with it storing a run took 4 % of the run instead of 2 % (benchmarks/overhead.py).
Here codes stay in the 8, 16 or 32 bits that they have, which is a packing too, and Snappy takes
out what is too much. One page a column, no statistics: a part is read whole. Written after
parquet.thrift (https://github.com/apache/parquet-format), in Thrift's compact protocol.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"PAR1"
I32, I64, TEXT, LIST, STRUCT = 5, 6, 8, 9, 12  # of Thrift
BOOLEAN, INT32, INT64, FLOAT, DOUBLE, BYTE_ARRAY = 0, 1, 2, 4, 5, 6
UTF8, UINT_32, INT_8, INT_16 = 0, 13, 15, 16
PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8
DATA_PAGE, DICTIONARY_PAGE = 0, 2
UNCOMPRESSED, SNAPPY = 0, 1
WORDS = "words"
TYPES: dict[str, tuple[int, int | None]] = {
    # numpy's, or words: as stored, and what that stands for
    "bool": (BOOLEAN, None),
    "int8": (INT32, INT_8),
    "int16": (INT32, INT_16),
    "int32": (INT32, None),
    "uint32": (INT32, UINT_32),
    "int64": (INT64, None),
    "float32": (FLOAT, None),
    "float64": (DOUBLE, None),
    WORDS: (BYTE_ARRAY, UTF8),
}
RANDOM = ("recipient", "client", "at", "took")
"""Columns of numbers in which there is nothing to compress."""


Field = tuple[int, int, int | bytes]
"""Of a struct: its number, its type, and a number or octets as they are written."""


class Page(NamedTuple):
    """A page with its header, as written; *size* (octets) is what it is without compression."""

    written: bytes
    size: int


class Leaf(NamedTuple):
    """A column of the schema, of a type of `TYPES`; *optional* if there are nulls in it."""

    name: str
    type: str
    optional: bool = False


def encoded(
    columns: Mapping[str, NDArray[Any]], words: Mapping[str, Sequence[str]]
) -> Iterator[bytes]:
    """The file, piece by piece. A column that is in *words* holds codes into those; -1 is null."""
    rows = len(next(iter(columns.values())))
    chunks, leaves, at = [], [], len(MAGIC)
    yield MAGIC
    for name, values in columns.items():
        known = tuple(words[name]) if name in words else None
        codec = UNCOMPRESSED if known is None and name in RANDOM else SNAPPY
        if known is None:
            leaf = Leaf(name, values.dtype.name)
            pages = [_data_page(rows, PLAIN, _plain(values), codec)]
        else:
            leaf = Leaf(name, WORDS, bool(rows and values.min() < 0))
            codes = values.astype(_smallest(len(known)), copy=False)
            pages = [_dictionary_page(known)]
            pages.append(_data_page(rows, RLE_DICTIONARY, _packed(codes, leaf.optional), codec))
        leaves.append(leaf)
        chunks.append(_chunk(leaf, pages, rows, codec, at))
        for page in pages:
            yield page.written
            at += len(page.written)
    footer = _footer(tuple(leaves), chunks, rows, at)
    yield from (footer, len(footer).to_bytes(4, "little"), MAGIC)


def _plain(values: NDArray[Any]) -> bytes:
    import numpy as np

    if values.dtype == np.bool_:
        return np.packbits(values, bitorder="little").tobytes()
    return (values.astype(np.int32) if values.dtype.itemsize < 4 else values).tobytes()


def _smallest(words: int) -> str:
    """The numbers that hold codes into so many *words*."""
    return "int8" if words < 2**7 else "int16" if words < 2**15 else "int32"


def _packed(codes: NDArray[Any], optional: bool) -> bytes:
    """Codes as one bit-packed run of their own width, after a bit for each if some are null."""
    import numpy as np

    levels = b""
    if optional:
        there = codes >= 0
        bits = np.packbits(there, bitorder="little").tobytes()
        run = _run(len(bits)) + bits
        levels, codes = len(run).to_bytes(4, "little") + run, codes[there]
    width = codes.dtype.itemsize
    eights = -(-len(codes) // 8)
    filled = codes.tobytes().ljust(8 * eights * width, b"\0")
    return levels + bytes([8 * width]) + _run(eights) + filled


def _run(eights: int) -> bytes:
    """The header of a bit-packed run of so many times eight values."""
    return _varint(eights << 1 | 1)


def _data_page(rows: int, encoding: int, data: bytes, codec: int) -> Page:
    told = _struct((1, I32, rows), (2, I32, encoding), (3, I32, RLE), (4, I32, RLE))
    return _page(DATA_PAGE, (5, STRUCT, told), data, codec)


@lru_cache(maxsize=256)
def _dictionary_page(words: tuple[str, ...]) -> Page:
    """The words of a column; the runs of a scenario share most."""
    texts = [word.encode() for word in words]
    data = b"".join(len(text).to_bytes(4, "little") + text for text in texts)
    told = _struct((1, I32, len(words)), (2, I32, PLAIN))
    return _page(DICTIONARY_PAGE, (7, STRUCT, told), data, SNAPPY)


def _page(kind: int, told: Field, data: bytes, codec: int) -> Page:
    import pyarrow as pa

    packed = pa.compress(data, "snappy", asbytes=True) if codec == SNAPPY else data
    head = _struct((1, I32, kind), (2, I32, len(data)), (3, I32, len(packed)), told)
    return Page(head + packed, len(head) + len(data))


def _chunk(leaf: Leaf, pages: list[Page], rows: int, codec: int, at: int) -> bytes:
    """Where and what the *pages* of a column are, which begin *at* an octet of the file."""
    kind, _ = TYPES[leaf.type]
    encodings = [PLAIN, RLE, RLE_DICTIONARY] if leaf.type == WORDS else [PLAIN, RLE]
    told: list[Field] = [
        (1, I32, kind),
        (2, LIST, _list(I32, [_zigzag(encoding) for encoding in encodings])),
        (3, LIST, _list(TEXT, [_text(leaf.name)])),
        (4, I32, codec),
        (5, I64, rows),
        (6, I64, sum(page.size for page in pages)),
        (7, I64, sum(len(page.written) for page in pages)),
        (9, I64, at + sum(len(page.written) for page in pages[:-1])),
    ]
    if leaf.type == WORDS:
        told.append((11, I64, at))
    return _struct((2, I64, at), (3, STRUCT, _struct(*told)))


def _footer(leaves: tuple[Leaf, ...], chunks: list[bytes], rows: int, size: int) -> bytes:
    schema, of_arrow = _schema(leaves)
    group = _struct((1, LIST, _list(STRUCT, chunks)), (2, I64, size), (3, I64, rows))
    return _struct(
        (1, I32, 2), (2, LIST, schema), (3, I64, rows), (4, LIST, _list(STRUCT, [group])),
        (5, LIST, of_arrow),
    )  # fmt: skip


@lru_cache(maxsize=64)
def _schema(leaves: tuple[Leaf, ...]) -> tuple[bytes, bytes]:
    """The schema, and what Arrow keeps with it: that words come back as categories.

    Codes are int32 there, however few words a part has: parts must be one table.
    """
    import pyarrow as pa

    elements, fields = [_struct((4, TEXT, _text("schema")), (5, I32, len(leaves)))], []
    of_words = pa.dictionary(pa.int32(), pa.string())
    for leaf in leaves:
        kind, stands_for = TYPES[leaf.type]
        told: list[Field] = [(1, I32, kind), (3, I32, int(leaf.optional))]
        told.append((4, TEXT, _text(leaf.name)))
        if stands_for is not None:
            told.append((6, I32, stands_for))
        elements.append(_struct(*told))
        held = of_words if leaf.type == WORDS else pa.type_for_alias(leaf.type)
        fields.append(pa.field(leaf.name, held, nullable=leaf.optional))
    arrow = base64.b64encode(pa.schema(fields).serialize()).decode()
    pair = _struct((1, TEXT, _text("ARROW:schema")), (2, TEXT, _text(arrow)))
    return _list(STRUCT, elements), _list(STRUCT, [pair])


def _struct(*fields: Field) -> bytes:
    out, last = bytearray(), 0
    for number, kind, value in fields:
        out.append((number - last) << 4 | kind)
        out += _zigzag(value) if isinstance(value, int) else value
        last = number
    out.append(0)
    return bytes(out)


def _list(kind: int, items: Iterable[bytes]) -> bytes:
    held = list(items)
    head = bytes([min(len(held), 15) << 4 | kind])
    return b"".join([head, _varint(len(held)) if len(held) >= 15 else b"", *held])


def _text(text: str) -> bytes:
    written = text.encode()
    return _varint(len(written)) + written


def _zigzag(number: int) -> bytes:
    """A number that is not negative, as Thrift writes one that may be."""
    return _varint(number << 1)


def _varint(number: int) -> bytes:
    """Seven bits an octet, the lowest first."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
