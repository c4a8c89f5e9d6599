"""A package in two directories, which it joins itself."""

import pkgutil

__path__ = pkgutil.extend_path(__path__, __name__)
