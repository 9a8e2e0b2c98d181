{
  # One static library for each instruction set, so that its compiler flags reach nothing else, and the addon that chooses among them.
  "variables": {
    "warnings": ["-Wall", "-Wextra", "-Wno-unknown-pragmas"],
    # Never fused: a kept element of alpha dropout has two roundings, on every machine. Matrix products ask for fused operations by name.
    "common": ["-std=c++17", "-O3", "-ffp-contract=off", "-fvisibility=hidden"],
    # Kernels are free of the C++ library, so that nothing of it can be compiled with their flags.
    "kernel": ["-fno-exceptions", "-fno-rtti"],
    # The folder of node-addon-api's headers, given by scripts/build.mjs.
    "node_addon_api%": "",
    # The version of the package, given by it too.
    "addon_version%": "",
  },
  "target_defaults": {
    "include_dirs": ["../kernels/include"],
    "cflags!": ["-O2", "-O3", "-fno-omit-frame-pointer", "-fno-strict-aliasing"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-std=gnu++23", "-fno-exceptions", "-fno-rtti"],
    "cflags_cc": ["<@(common)", "<@(warnings)"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "GCC_OPTIMIZATION_LEVEL": "3",
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "MACOSX_DEPLOYMENT_TARGET": "11.0",
      "OTHER_CPLUSPLUSFLAGS": ["<@(common)", "<@(warnings)"],
    },
    # Visual Studio with its clang: the kernels use the extensions that gcc and clang share.
    "msbuild_toolset": "ClangCL",
    "msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["/std:c++17", "-ffp-contract=off"], "ExceptionHandling": 1}},
  },
  "targets": [
    {"target_name": "kernels_scalar", "type": "static_library", "sources": ["native/isa/scalar.cc"], "cflags_cc": ["<@(kernel)"]},
    {
      "target_name": "dropwise",
      "sources": [
        "native/addon.cc",
        "native/calls.cc",
        "native/calls/attention.cc",
        "native/calls/convolution.cc",
        "native/calls/copy.cc",
        "native/calls/dropout.cc",
        "native/calls/elementwise.cc",
        "native/calls/lstm.cc",
        "native/calls/normalize.cc",
        "native/calls/gather.cc",
        "native/calls/optimizer.cc",
        "native/calls/pool.cc",
        "native/calls/products.cc",
        "native/calls/reduce.cc",
        "native/calls/where.cc",
        "native/cpu.cc",
        "native/pool.cc",
      ],
      "include_dirs": ["<(node_addon_api)"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", 'DROPWISE_VERSION="<(addon_version)"'],
      "cflags_cc": ["-fexceptions"],
      "dependencies": ["kernels_scalar"],
      "conditions": [
        ["target_arch=='x64'", {"dependencies": ["kernels_sse2", "kernels_avx2", "kernels_avx512"]}],
        ["target_arch=='arm64'", {"dependencies": ["kernels_neon"]}],
        ["OS=='linux'", {"libraries": ["-pthread"], "ldflags": ["-Wl,--gc-sections", "-static-libstdc++", "-static-libgcc"]}],
      ],
    },
  ],
  "conditions": [
    [
      "target_arch=='x64'",
      {
        "targets": [
          {"target_name": "kernels_sse2", "type": "static_library", "sources": ["native/isa/sse2.cc"], "cflags_cc": ["<@(kernel)"]},
          {
            "target_name": "kernels_avx2",
            "type": "static_library",
            "sources": ["native/isa/avx2.cc"],
            "cflags_cc": ["<@(kernel)", "-mavx2", "-mfma"],
            "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["-mavx2", "-mfma"]},
            "msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["-mavx2", "-mfma"]}},
          },
          {
            "target_name": "kernels_avx512",
            "type": "static_library",
            "sources": ["native/isa/avx512.cc"],
            "variables": {"avx512": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma"]},
            # The headers of gcc 12 use "undefined" vectors on purpose.
            "cflags_cc": ["<@(kernel)", "<@(avx512)", "-Wno-uninitialized", "-Wno-maybe-uninitialized"],
            "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(avx512)"]},
            "msvs_settings": {"VCCLCompilerTool": {"AdditionalOptions": ["<@(avx512)"]}},
          },
        ]
      },
    ],
    ["target_arch=='arm64'", {"targets": [{"target_name": "kernels_neon", "type": "static_library", "sources": ["native/isa/neon.cc"], "cflags_cc": ["<@(kernel)"]}]}],
  ],
}
