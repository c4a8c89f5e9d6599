"""Which licences are free, in the three ways that metadata states them."""

from __future__ import annotations

import pytest

from pypkg.environment.licences import is_free

PROPRIETARY = "License :: Other/Proprietary License"


@pytest.mark.parametrize(
    ("expression", "free"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-2.0-or-later", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("LicenseRef-Ours", False),
        ("MIT AND LicenseRef-Ours", False),
        ("MIT OR LicenseRef-Ours", True),
        ("LicenseRef-Ours OR LicenseRef-Other AND MIT", False),
        ("(LicenseRef-Ours OR Apache-2.0) AND (BSD-3-Clause OR LicenseRef-Other)", True),
        ("(LicenseRef-Ours OR Apache-2.0) AND LicenseRef-Other", False),
        ("BUSL-1.1", False),
        ("not an expression", False),
    ],
)
def test_expressions(expression: str, *, free: bool) -> None:
    assert is_free(expression=expression, classifiers=[], field="") is free


def test_an_expression_counts_alone() -> None:
    assert not is_free(
        expression="LicenseRef-Ours", classifiers=["License :: OSI Approved :: MIT License"], field="MIT"
    )


@pytest.mark.parametrize(
    ("classifiers", "free"),
    [
        (["License :: OSI Approved :: BSD License", "Topic :: Utilities"], True),
        (["License :: OSI Approved"], True),
        (["License :: Public Domain"], True),
        ([PROPRIETARY], False),
        (["License :: OSI Approved :: MIT License", PROPRIETARY], False),
        (["License :: Free for non-commercial use"], False),
    ],
)
def test_classifiers(classifiers: list[str], *, free: bool) -> None:
    assert is_free(expression="", classifiers=classifiers, field="MIT" if not free else "") is free


@pytest.mark.parametrize(
    ("field", "free"),
    [
        ("MIT", True),
        ("Apache License, Version 2.0", True),
        ("BSD 3-Clause", True),
        ("The MIT License (MIT)", True),
        ("MIT License\n\nCopyright (c) 2024 Somebody\n\nPermission is hereby granted, free of charge", True),
        ("LGPL-3.0-or-later", True),
        ("Proprietary", False),
        ("Copyright Somebody. All rights reserved.", False),
        ("", False),
        ("UNKNOWN", False),
    ],
)
def test_fields(field: str, *, free: bool) -> None:
    assert is_free(expression="", classifiers=[], field=field) is free
