"""Programs that run inside a base or a packaged executable and check what they find there."""
