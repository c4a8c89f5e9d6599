"""Packaged archives and compressed files."""

import bz2
import gzip
import importlib
import lzma
import os
import sys
import tarfile
import zipfile
import zipimport

from checking import DATA, check, each, outcome, scratch

ARCHIVES = f"{DATA}/archives"


@check
def zip_file():
    with zipfile.ZipFile(f"{ARCHIVES}/pack.zip") as archive:
        with archive.open("folder/two.txt") as stream:
            streamed = [stream.read(3), stream.read()]
        archive.extractall(scratch("zip"))
        return {
            "names": archive.namelist(),
            "test": archive.testzip(),
            "streamed": streamed,
            "path": sorted(str(item) for item in zipfile.Path(archive, "folder/").iterdir()),
            "info": [[info.filename, info.file_size, info.date_time] for info in archive.infolist()],
            "extracted": sorted(os.listdir(scratch("zip/folder"))),
            "missing": outcome(archive.read, "none"),
        }


@check
def zip_refusals():
    return each(
        append=(zipfile.ZipFile, f"{ARCHIVES}/pack.zip", "a"),
        write=(zipfile.ZipFile, f"{ARCHIVES}/new.zip", "w"),
        no_zip=(zipfile.ZipFile, f"{DATA}/plain/a.txt"),
        is_zip=(zipfile.is_zipfile, f"{ARCHIVES}/pack.zip"),
        is_no_zip=(zipfile.is_zipfile, f"{DATA}/plain/a.txt"),
        missing=(zipfile.ZipFile, f"{ARCHIVES}/none.zip"),
        directory=(zipfile.is_zipfile, ARCHIVES),
    )


@check
def tar_file():
    found = {}
    for name in ("pack.tar.gz", "pack.tar.bz2", "pack.tar.xz", "pack.tar"):
        with tarfile.open(f"{ARCHIVES}/{name}") as archive:
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            target = scratch(name)
            archive.extractall(target)
            found[name] = [
                sorted((info.name, info.size, info.mtime, info.type) for info in archive),
                archive.extractfile("folder/two.txt").read(),
                sorted(os.listdir(target)),
            ]
    with open(f"{ARCHIVES}/pack.tar.gz", "rb") as stream, tarfile.open(fileobj=stream, mode="r|gz") as archive:
        found["stream"] = [info.name for info in archive]
    return found | each(
        is_tar=(tarfile.is_tarfile, f"{ARCHIVES}/pack.tar"),
        is_no_tar=(tarfile.is_tarfile, f"{DATA}/plain/a.txt"),
        append=(tarfile.open, f"{ARCHIVES}/pack.tar", "a"),
        adding=(_added,),
    )


def _added():
    with tarfile.open(scratch("added.tar"), "w") as archive:
        archive.add(f"{DATA}/nested", "nested")
        archive.add(f"{DATA}/links/relative", "link")
    with tarfile.open(scratch("added.tar")) as archive:
        return sorted((info.name, info.mode, info.mtime, info.linkname, info.issym()) for info in archive)


@check
def compressed_files():
    return each(
        gzip=(lambda: gzip.open(f"{ARCHIVES}/text.gz", "rt").read(),),
        bz2=(lambda: bz2.open(f"{ARCHIVES}/text.bz2", "rt").read(),),
        xz=(lambda: lzma.open(f"{ARCHIVES}/text.xz", "rt").read(),),
        no_gzip=(lambda: gzip.open(f"{DATA}/plain/a.txt").read(),),
        gzip_write=(gzip.open, f"{ARCHIVES}/new.gz", "wb"),
        gzip_seek=(lambda: [gzip.open(f"{ARCHIVES}/text.gz").seek(5)],),
    )


def _imported(archive, name):
    sys.path.insert(0, archive)
    try:
        importlib.invalidate_caches()
        module = importlib.import_module(name)
        return [module.VALUE, module.__file__, type(module.__loader__).__name__, type(module.__spec__.loader).__name__]
    finally:
        sys.path.remove(archive)


@check
def zip_import():
    archive = f"{ARCHIVES}/modules.zip"
    real = scratch("modules.zip")
    with open(archive, "rb") as source, open(real, "wb") as target:
        target.write(source.read().replace(b"zipped_one", b"zipped_two"))
    importer = zipimport.zipimporter(archive)
    return each(
        module=(_imported, archive, "zipped_one"),
        package=(_imported, archive, "zipped_package.inner"),
        below=(_imported, f"{archive}/below", "zipped_below"),
        real=(_imported, real, "zipped_two"),
        find_spec=(lambda: importer.find_spec("zipped_one").origin,),
        data=(lambda: importer.get_data(f"{archive}/zipped_package/data.txt"),),
        source=(lambda: importer.get_source("zipped_one").splitlines()[0],),
        missing=(lambda: importer.find_spec("none"),),
        no_zip=(zipimport.zipimporter, f"{DATA}/plain/a.txt"),
        broken=(zipimport.zipimporter, f"{DATA}/none.zip"),
        resources=(_zip_resource, archive),
    )


def _zip_resource(archive):
    import importlib.resources  # noqa: PLC0415

    sys.path.insert(0, archive)
    try:
        root = importlib.resources.files(importlib.import_module("zipped_package"))
        return [(root / "data.txt").read_text(), sorted(item.name for item in root.iterdir())]
    finally:
        sys.path.remove(archive)
