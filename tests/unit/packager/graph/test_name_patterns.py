"""Patterns of module names in ``hidden-imports``."""

from __future__ import annotations

import pytest

from unit.packager.world import World, names, warnings

FILES = dict.fromkeys(
    (
        "shop/__init__.py",
        "shop/cart/models.py",
        "shop/cart/views.py",
        "shop/stock/__init__.py",
        "shop/stock/models.py",
        "shop/stock/models_old.py",
        "shop/stock/0001_first.py",
        "shop/images/logo.png",
        "ship_sea.py",
        "ship_air.py",
    ),
    "",
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("shop.stock.*", {"shop", "shop.stock", "shop.stock.models", "shop.stock.models_old", "shop.stock.0001_first"}),
        ("shop.*.models", {"shop", "shop.cart", "shop.cart.models", "shop.stock", "shop.stock.models"}),
        ("ship_*", {"ship_sea", "ship_air"}),
        ("ship_[s]*", {"ship_sea"}),
        (
            "shop.*",
            {"shop", "shop.cart", "shop.cart.models", "shop.cart.views"}
            | {"shop.stock", "shop.stock.models", "shop.stock.models_old", "shop.stock.0001_first"},
        ),
        ("pack?d.*", {"packed", "packed.inner", "packed.inner.deep"}),
    ],
)
def test_patterns(world: World, pattern: str, expected: set[str]) -> None:
    world.install("packed", dict.fromkeys(("packed/__init__.py", "packed/inner/__init__.py"), ""))
    world.write({"packed/inner/deep.py": ""}, world.site)
    world.write({**FILES, "app.py": f'# /// script\n# [tool.pypkg]\n# hidden-imports = "{pattern}"\n# ///\n'})
    (world.project / "shop" / "stock" / "around").symlink_to("..")
    found = world.walk()
    assert names(found) - {"packed"} == (expected | {"__main__"}) - {"packed"}
    assert not warnings(found)


def test_a_pattern_that_names_nothing_is_told(world: World) -> None:
    text = '# /// script\n# [tool.pypkg]\n# hidden-imports = ["shop.*.forms", "nowhere.*", "encodings.*"]\n# ///\n'
    world.write({**FILES, "app.py": text})
    assert warnings(world.walk()) == [
        f"Cannot find module '{pattern}', which hidden-imports names" for pattern in ("shop.*.forms", "nowhere.*")
    ]
