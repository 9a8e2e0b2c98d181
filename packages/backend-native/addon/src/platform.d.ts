/**
 * This platform in the names of the packages, such as `linux-x64-gnu`. Where it cannot be told which C library the process has, there are two names, one for
 * each, to be tried in turn: a binary does not load with the other.
 */
export declare function platformNames(): readonly string[];
/**
 * The C library of a program, from the name of the loader that its header asks for: `/lib64/ld-linux-x86-64.so.2` or `/lib/ld-musl-x86_64.so.1`. Nothing
 * else is asked: Node's diagnostic report knows it as well, but looks up the names of all connected peers first, and waits for every answer.
 */
export declare function cLibraryOf(program: string): "gnu" | "musl" | undefined;
