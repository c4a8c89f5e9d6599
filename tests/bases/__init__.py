"""Programs that run inside a base or a packaged executable and look at what they find there."""
