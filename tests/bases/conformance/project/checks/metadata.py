"""importlib.metadata on packaged distributions."""

import importlib.metadata as metadata
import os

from checking import SITE, check, each


@check
def facts():
    return each(
        version=(metadata.version, "sample"),
        other_spelling=(metadata.version, "Sample"),
        metadata=(lambda: sorted(metadata.metadata("sample").items()),),
        json=(lambda: metadata.metadata("sample").json["name"],),
        requires=(metadata.requires, "sample"),
        missing=(metadata.version, "none"),
        read_text=(lambda: metadata.distribution("sample").read_text("top_level.txt"),),
        read_nothing=(lambda: metadata.distribution("sample").read_text("none"),),
        name=(lambda: metadata.distribution("sample").name,),
        packages=(lambda: metadata.packages_distributions()["sample"],),
        dotted=(metadata.version, "sample.dotted-name"),
    )


@check
def files():
    found = metadata.files("sample")
    names = {str(file): file for file in found}
    return each(
        names=(lambda: sorted(names),),
        size=(lambda: [names["sample/words.txt"].size, names["sample/words.txt"].hash.mode],),
        read=(lambda: names["sample/words.txt"].read_text(),),
        binary=(lambda: names["sample/words.txt"].read_binary(),),
        locate=(lambda: str(names["sample/words.txt"].locate()),),
        exist=(lambda: [name for name, file in sorted(names.items()) if not os.path.exists(file.locate())],),
        locate_file=(lambda: str(metadata.distribution("sample").locate_file("x")),),
    )


@check
def entry_points():
    chosen = metadata.entry_points(group="conformance.plugins")
    return each(
        names=(lambda: sorted((point.name, point.value, point.group) for point in chosen),),
        load=(lambda: {point.name: point.load()() for point in chosen},),
        dist=(lambda: sorted({point.dist.name for point in chosen}),),
        select=(lambda: [point.value for point in metadata.entry_points(name="second")],),
        group=(lambda: len(metadata.entry_points().select(group="none")),),
        attributes=(lambda: sorted((p.module, p.attr, p.extras) for p in chosen),),
        broken=(lambda: metadata.entry_points(group="conformance.broken")["broken"].load(),),
    )


@check
def distributions():
    return each(
        here=(lambda: sorted(d.name for d in metadata.distributions(path=[SITE])),),
        all=(lambda: {"sample", "sample.dotted-name"} - {d.name for d in metadata.distributions()},),
        by_name=(lambda: [d.version for d in metadata.distributions(name="sample")],),
        nowhere=(lambda: list(metadata.distributions(path=[f"{SITE}/none"])),),
        in_a_file=(lambda: list(metadata.distributions(path=[f"{SITE}/sample/words.txt"])),),
        at=(lambda: metadata.Distribution.at(f"{SITE}/sample-1.4.2.dist-info").version,),
    )
