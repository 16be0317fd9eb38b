/**
 * Loaded before unit tests: the SDK of functions writes of every call of a callable that it verified it, at its lowest level, which
 * nothing of this project writes at. It keeps the console's methods as it finds them when it loads.
 */
console.debug = () => undefined;
