"""A package in two places, put together by itself."""

import pkgutil

__path__ = pkgutil.extend_path(__path__, __name__)
