/** The flags of WebGPU that are used here. Browsers have them as globals; Node's `webgpu` package leaves that to its user, and a library sets no globals. */
export const BufferUsage = { MAP_READ: 0x1, COPY_SRC: 0x4, COPY_DST: 0x8, UNIFORM: 0x40, STORAGE: 0x80 } as const;

export const MAP_MODE_READ = 0x1;

export const SHADER_STAGE_COMPUTE = 0x4;
