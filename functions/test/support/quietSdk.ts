/**
 * Loaded before unit tests. The SDK of functions logs each verified call of a callable at the level `debug`, which this project does not
 * use. The SDK keeps the console's methods as they were when it was loaded.
 */
console.debug = () => undefined;
