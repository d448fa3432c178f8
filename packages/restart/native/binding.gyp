{
  "targets": [
    {
      "target_name": "restart",
      "sources": ["<!@(node -p \"require('fs').readdirSync('.').filter(f => f.endsWith('.cc')).join(' ')\")"],
      "include_dirs": [
        "<!(node -p \"require('node-addon-api').include_dir\")",
        # In the repository; a tarball has only the copy that was made when it was packed.
        "../../../tooling/native/include",
        "include"
      ],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_DEPRECATED", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["-std=c++20", "-fvisibility=hidden", "-Wall", "-Wextra", "-O2", "-fno-exceptions"],
      "cflags_cc!": ["-std=gnu++17"],
      "ldflags": ["-Wl,-z,relro,-z,now"]
    }
  ]
}
