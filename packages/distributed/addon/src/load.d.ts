/** What is looked for, and where the package that looks is. */
export interface AddonSearch<Addon> {
    /** The package's name; those of the platforms have it before theirs. */
    readonly packageName: string;
    /** The package's version. An addon of another one is refused: how calls are written is settled between the two. */
    readonly version: string;
    /** The file of the addon, without its folder. */
    readonly file: string;
    /** The environment variable that names a file to load instead; here for messages alone. */
    readonly variable: string;
    /** Whether what a file exports is what this addon does. */
    readonly isAddon: (exports: Partial<Addon>) => boolean;
    /**
     * `import.meta.url` and `__filename`, each as a function, written in a file of the package itself: once that is bundled they are the bundle's. The second throws
     * in an ES module.
     */
    readonly own: readonly [url: () => string | undefined, file: () => string];
    /** What else to do where there is no addon, such as "use another backend". */
    readonly otherwise?: string;
    /** Makes the error to throw. `tried` says what was looked for, in order, and why each was none; `detail` ends with a colon, for that list to follow. */
    readonly unavailable: (detail: string, tried: readonly string[]) => Error;
}
/**
 * The addon, from the first of these that there is: the file that `override` names (and no other then), a build in the package, the package for this
 * platform. `places` are files that the package's code may be in.
 *
 * @throws What `search.unavailable` makes.
 */
export declare function findAddon<Addon extends {
    readonly version: string;
}>(search: AddonSearch<Addon>, override: string | undefined, places?: readonly string[]): Addon;
