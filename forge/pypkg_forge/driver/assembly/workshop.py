"""Builds a base in the forge's directories: dependencies, CPython, image. The result is not yet in the cache."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypkg_core.atomic import atomic_write
from pypkg_core.binaries import attach_image
from pypkg_core.binaries.elf.visibility import hide_symbols
from pypkg_core.cache import forge_dir
from pypkg_core.image import FORMAT
from pypkg_core.progress import Reporter
from pypkg_core.version import VERSION
from pypkg_forge.data import data_dir
from pypkg_forge.driver.assembly.host_python import HOST_PYTHON, make_host_python
from pypkg_forge.driver.assembly.stdlib import LibraryFile, build_image, compile_files, library_files
from pypkg_forge.driver.recipe import Recipe
from pypkg_forge.toolchain.environment import step_environment
from pypkg_forge.toolchain.programs import write_program_wrappers, write_wrapper
from pypkg_forge.toolchain.run import Log
from pypkg_forge.toolchain.wrappers import Toolchain, WrapperPaths, write_wrappers

__all__ = ["Workshop", "discard_foreign_build", "image_manifest"]

# Approximate number of compiler calls for CPython, for the progress bar.
_COMPILER_CALLS: Final = 330


@dataclass(frozen=True, kw_only=True, slots=True)
class Workshop:
    """The directories, inputs and tools of one build."""

    recipe: Recipe
    trees: Mapping[str, Path]
    toolchain: Toolchain
    jobs: int
    log: Log
    reporter: Reporter

    @property
    def machine_folder(self) -> Path:
        """The directory that all Python versions of a machine share."""
        return forge_dir() / f"{self.recipe.target.platform}-{self.recipe.target.arch}"

    @property
    def tools(self) -> Path:
        """The directory of the wrappers."""
        return self.machine_folder / "tools"

    @property
    def prefix(self) -> Path:
        """The directory of the dependencies' headers and libraries."""
        return self.machine_folder / "prefix"

    @property
    def python_folder(self) -> Path:
        """The CMake build directory of CPython."""
        return self.machine_folder / f"python-{self.recipe.python.version}"

    @property
    def linked_base(self) -> Path:
        """The base as linked, without an image."""
        return self.python_folder / "cpython" / "pypkg-base"

    def make_tools(self) -> None:
        """Write the wrappers, and build the host Python if there is none of this release.

        Raises:
            PypkgError: a step failed; the log is named.
        """
        write_program_wrappers(self.tools)
        write_wrappers(
            self.recipe.target.machine,
            self.recipe.build.indirect,
            self.recipe.inputs.front,
            WrapperPaths(
                tools=self.tools,
                zig=self.toolchain.zig,
                cmake=self.toolchain.cmake,
                cache=forge_dir() / "zig",
                root=forge_dir(),
                prefix=self.prefix,
                runtime=data_dir("patches") / "runtime",
            ),
        )
        host_python = make_host_python(
            self.recipe.python.version,
            key=self.recipe.host_python_key,
            tree=self.trees["python"],
            environment=self._environment,
            jobs=self.jobs,
            log=self.log,
            reporter=self.reporter,
        )
        write_wrapper(self.tools / HOST_PYTHON, host_python)

    def make_dependencies(self) -> None:
        """Compile the libraries that are out of date.

        Raises:
            PypkgError: a step failed; the log is named.
        """
        self._empty_stale_prefix()
        settings = self._settings()
        settings["PYPKG_OPENSSL_TARGET"] = self.recipe.build.openssl
        settings["PYPKG_OPENSSL_CFLAGS"] = " ".join(self.recipe.build.openssl_cflags)
        settings["PYPKG_REDIRECT"] = str(self.recipe.inputs.redirect_header)
        settings["PYPKG_DEPENDENCIES"] = ";".join(choice.name for choice in self.recipe.dependencies)
        for choice in self.recipe.dependencies:
            settings[f"PYPKG_SOURCE_{choice.name}"] = str(self.trees[choice.name])
            settings[f"PYPKG_VERSION_{choice.name}"] = choice.version
            settings[f"PYPKG_KEY_{choice.name}"] = self.recipe.dependency_key(choice)
        self._cmake("dependencies", self.machine_folder / "dependencies", settings, title="Dependencies", calls=0)
        if self.recipe.target.addons:
            for archive in sorted((self.prefix / "lib").glob("*.a")):
                hidden = hide_symbols(archive.resolve())
                self.log.write(f"{archive.name}: hid {hidden} symbols")

    def make_python(self) -> None:
        """Compile the parts of CPython and the runtime that are out of date, and link the base.

        Raises:
            PypkgError: a step failed; the log is named.
        """
        recipe = self.recipe
        build = recipe.build
        settings = self._settings()
        settings |= {
            "PYPKG_SOURCE_python": str(self.trees["python"]),
            "PYPKG_RUNTIME": str(data_dir("patches") / "runtime"),
            "PYPKG_SERIES": recipe.target.series,
            "PYPKG_KEY_configure": recipe.configure_key,
            "PYPKG_KEY_objects": recipe.objects_key,
            "PYPKG_HOST_PYTHON": HOST_PYTHON,
            "PYPKG_PROFILE": str(recipe.profile or ""),
            "PYPKG_PYTHON_CFLAGS": " ".join(build.python_cflags),
            "PYPKG_LDFLAGS": " ".join(build.ldflags),
            "PYPKG_BASE_LDFLAGS": " ".join(build.base_ldflags),
            "PYPKG_LIBS": " ".join(build.libs),
            "PYPKG_ADDONS": "ON" if recipe.target.addons else "OFF",
        }
        title = f"CPython {recipe.python.version} for {recipe.target.platform}-{recipe.target.arch}"
        self._cmake("python", self.python_folder, settings, title=title, calls=_COMPILER_CALLS)

    def make_base(self, out: Path) -> None:
        """Write the base with its image to ``out``.

        Raises:
            PypkgError: the standard library does not compile, or the image does not fit.
        """
        recipe = self.recipe
        with self.reporter.stage("Standard library"):
            files = sorted(self._library(), key=lambda file: file.path)
            codes = compile_files(
                self.tools / HOST_PYTHON, files, recipe.target, jobs=self.jobs, environment=self._environment
            )
            image = build_image(
                files=files,
                target=recipe.target,
                codes=codes,
                epoch=recipe.epoch,
                manifest=image_manifest(recipe),
            )
            attach_image(self.linked_base, image, out)
        self.log.write(f"image: {len(files)} files, {len(codes)} modules, {len(image)} bytes")

    def _library(self) -> Iterator[LibraryFile]:
        tree = self.trees["python"]
        yield from library_files(tree / "Lib")
        yield LibraryFile(path="LICENSE.txt", source=tree / "LICENSE")
        for path in sorted((data_dir("patches") / "runtime" / "python" / "lib").glob("*.py")):
            yield LibraryFile(path=path.name, source=path)
        scrubbed = self.python_folder / "scrubbed"
        shutil.rmtree(scrubbed, ignore_errors=True)
        scrubbed.mkdir()
        cpython = self.python_folder / "cpython"
        build = (cpython / "pybuilddir.txt").read_text(encoding="utf-8").strip()
        for path in (cpython / build).glob("_sysconfigdata*.py"):
            with atomic_write(scrubbed / path.name) as out:
                out.write(self._scrub(path.read_text(encoding="utf-8")).encode())
            yield LibraryFile(path=path.name, source=scrubbed / path.name)
        yield from self._grammars(scrubbed)

    def _grammars(self, folder: Path) -> Iterator[LibraryFile]:
        """Yield lib2to3's grammars, compiled as by upstream's ``make install``; otherwise each import compiles them."""
        for text in sorted((self.trees["python"] / "Lib" / "lib2to3").glob("*Grammar.txt")):
            shutil.copy(text, folder / text.name)
            self.log.run(
                [self.tools / HOST_PYTHON, "-S", "-B", "-m", "lib2to3.pgen2.driver", folder / text.name],
                what=f"compile {text.name}",
                environment=self._environment,
            )
        for path in sorted(folder.glob("*Grammar*.pickle")):
            yield LibraryFile(path=f"lib2to3/{path.name}", source=path)

    def _scrub(self, text: str) -> str:
        """Replace the paths of this machine in sysconfig's data."""
        replacements = {
            self.trees["python"]: "/pypkg/source",
            self.python_folder / "cpython": "/pypkg/build",
            self.prefix: "/pypkg/prefix",
            data_dir("patches"): "/pypkg/patches",
            data_dir("cmake"): "/pypkg/cmake",
            forge_dir(): "/pypkg",
        }
        for path, name in sorted(replacements.items(), key=lambda item: -len(str(item[0]))):
            text = text.replace(str(path), name)
        return text

    @property
    def _environment(self) -> dict[str, str]:
        return step_environment(self.tools, epoch=self.recipe.epoch)

    def _settings(self) -> dict[str, str]:
        build = self.recipe.build
        return {
            "PYPKG_TOOLS": str(self.tools),
            "PYPKG_PREFIX": str(self.prefix),
            "PYPKG_SYSTEM": build.system,
            "PYPKG_OS_FOLDERS": ";".join(self.recipe.inputs.systems),
            "PYPKG_PLATFORM": self.recipe.target.platform,
            "PYPKG_TRIPLE": build.gnu_triple,
            "PYPKG_PROCESSOR": build.processor,
            "PYPKG_CFLAGS": " ".join(build.cflags),
            "PYPKG_HARDENING_CFLAGS": " ".join(build.hardening_cflags),
            "PYPKG_JOBS": str(self.jobs),
        }

    def _empty_stale_prefix(self) -> None:
        """Delete the libraries of other pins or of another toolchain: their headers would be found."""
        stamp = self.machine_folder / "prefix-key"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == self.recipe.prefix_key:
            return
        for folder in (self.prefix, self.machine_folder / "dependencies"):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (self.prefix / "lib", self.prefix / "include"):
            folder.mkdir(parents=True)
        with atomic_write(stamp) as out:
            out.write(self.recipe.prefix_key.encode())

    def _cmake(self, part: str, folder: Path, settings: Mapping[str, str], *, title: str, calls: int) -> None:
        cmake = data_dir("cmake")
        toolchain = cmake / "toolchain" / "toolchain.cmake"
        configure: list[str | Path] = [
            self.toolchain.cmake,
            *("-G", "Ninja", "-S", cmake / part, "-B", folder),
            f"-DCMAKE_MAKE_PROGRAM={self.toolchain.ninja}",
            f"-DCMAKE_TOOLCHAIN_FILE={toolchain}",
            *(f"-D{name}={value}" for name, value in settings.items()),
        ]
        discard_foreign_build(folder, cmake / part, toolchain)
        # configure scripts mostly wait, in one process: two more jobs keep every processor busy.
        jobs = self.jobs + 2 if part == "dependencies" and self.jobs > 1 else self.jobs
        with self.reporter.stage(title) as stage:
            self.log.run(configure, what=f"configure {part}", environment=self._environment)
            self.log.run(
                [self.toolchain.ninja, "-C", folder, "-j", str(jobs)],
                what=f"build {title}",
                environment=self._environment,
                stage=stage,
                expected=calls,
            )


def discard_foreign_build(folder: Path, source: Path, toolchain: Path) -> None:
    """Delete what CMake would refuse to use, or use wrongly.

    Args:
        folder: a build directory; all of it is deleted if it was made elsewhere and moved, since paths are compiled in.
        source: what is built; the cache alone is deleted if that was another directory, of another installation.
        toolchain: the toolchain file, likewise.
    """
    cache = folder / "CMakeCache.txt"
    if not cache.is_file():
        return
    present = cache.read_text(encoding="utf-8")
    if f"CMAKE_CACHEFILE_DIR:INTERNAL={folder}\n" not in present:
        shutil.rmtree(folder)
    elif f"CMAKE_HOME_DIRECTORY:INTERNAL={source}\n" not in present or f"={toolchain}\n" not in present:
        cache.unlink()


def image_manifest(recipe: Recipe) -> dict[str, object]:
    """Return the manifest in the image of a base: see docs/image-format.md."""
    return {
        **recipe.contents,
        "format": FORMAT,
        "pypkg": VERSION,
        "python": recipe.python.version,
        "target": recipe.target.name,
        "kind": "base",
        "name": "python",
        "zig": recipe.zig,
    }
