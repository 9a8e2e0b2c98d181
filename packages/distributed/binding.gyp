{
  # The addon that makes MPI's calls. The library is opened at run time: nothing of MPI is needed to build it.
  "variables": {
    # The folder of node-addon-api's headers and the version of the package, given by the build script.
    "node_addon_api%": "",
    "addon_version%": "",
  },
  "targets": [
    {
      "target_name": "distributed",
      "sources": ["native/addon.cc", "native/call.cc", "native/mpi.cc", "native/session.cc"],
      "include_dirs": ["<(node_addon_api)"],
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", 'DROPWISE_VERSION="<(addon_version)"'],
      "cflags!": ["-O2", "-fno-omit-frame-pointer"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-std=gnu++23", "-fno-exceptions"],
      # Sums have the same bits everywhere: no fused operation is made of two.
      "cflags_cc": ["-std=c++17", "-O3", "-ffp-contract=off", "-fvisibility=hidden", "-fexceptions", "-Wall", "-Wextra"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "GCC_OPTIMIZATION_LEVEL": "3",
        "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "OTHER_CPLUSPLUSFLAGS": ["-std=c++17", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra"],
      },
      "conditions": [
        ["OS=='linux'", {"libraries": ["-pthread", "-ldl"], "ldflags": ["-Wl,--gc-sections", "-static-libstdc++", "-static-libgcc"]}],
      ],
    },
  ],
}
