/** The part of njre that is used; it has no types of its own. */
declare module 'njre' {
  const njre: {
    /** @param options `installPath`: its parent directory gets a directory `jre`. @returns that directory */
    install(version: number, options: { type: 'jre' | 'jdk'; installPath: string }): Promise<string>;
  };
  export default njre;
}
