{
  # What node-gyp reads beside Node's headers, cut down to what an addon needs; used where Node came without headers.
  "variables": {"configuring_node%": 0, "library%": "static_library", "openssl_fips%": "", "visibility%": "hidden"},
  "target_defaults": {
    "default_configuration": "Release",
    "configurations": {"Release": {"defines": ["NDEBUG"]}, "Debug": {"cflags": ["-g", "-O0"]}},
    "conditions": [
      ["OS in 'linux freebsd openbsd'", {"cflags": ["-fPIC", "-pthread"], "ldflags": ["-pthread"]}],
      ["OS=='mac'", {"xcode_settings": {"GCC_SYMBOLS_PRIVATE_EXTERN": "YES", "OTHER_LDFLAGS": ["-Wl,-search_paths_first"]}}],
    ],
  },
}
