from os import PathLike
from typing import TypedDict, final

from typing_extensions import Buffer

class EntryFields(TypedDict):
    index: int
    path: str
    type: int
    codec: int
    mode: int
    flags: int
    dictionary: int
    bundle: int
    data_offset: int
    stored_size: int
    size: int
    mtime: int
    checksum: int

class ModuleFields(TypedDict):
    index: int
    name: str
    entry: int
    kind: int
    codec: int
    dictionary: int
    code_offset: int
    code_stored_size: int
    code_size: int
    checksum: int

@final
class Image:
    def __new__(cls, buffer: Buffer) -> Image: ...
    def lookup(self, path: str | bytes | PathLike[str], /, *, follow: bool = True) -> EntryFields: ...
    def entry(self, index: int, /) -> EntryFields: ...
    def listdir(self, path: str | bytes | PathLike[str], /) -> list[str]: ...
    def module(self, name: str, /) -> ModuleFields | None: ...
    def entry_point(self, index: int, /) -> tuple[str, int, bytes] | None: ...
    @property
    def flags(self) -> int: ...

def xxh64(data: Buffer, /) -> int: ...
def fold(path: bytes, /) -> bytes: ...
def normalize_marshal(data: bytes, /) -> bytes: ...
