# SPDX-License-Identifier: Apache-2.0
# The addon: build/Release/cloudtaser.node. How to build it without losing the rest of build/: native/README.md.
{
  "targets": [
    {
      "target_name": "cloudtaser",
      "sources": [
        "native/addon.cc",
        "native/arguments.cc",
        "native/blueprint.cc",
        "native/environment.cc",
        "native/error.cc",
        "native/escapes.cc",
        "native/fingerprint.cc",
        "native/forms.cc",
        "native/iterator.cc",
        "native/link.cc",
        "native/map.cc",
        "native/object.cc",
        "native/prints.cc",
        "native/process.cc",
        "native/ring.cc",
        "native/sections.cc",
        "native/shape.cc",
        "native/typed.cc",
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      # Swallow: a worker that is being terminated can no longer be thrown at; that must not abort the whole process.
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
      ],
      # Node 20 asks for gnu++17, later headers for gnu++20: the same source must come out the same under each.
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-std=c++20"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions"],
      # A copy of node-addon-api's error path in each method: -O3 makes this four times as large for nothing.
      "cflags!": ["-O3"],
      "cflags": ["-Os", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-ffile-prefix-map=<(module_root_dir)=."],
      # nodelete: libbpf keeps a pointer to our print function, which must outlive a worker that unloads the addon.
      "ldflags": ["-Wl,-z,relro,-z,now,-z,nodelete,--no-undefined-version"],
      "libraries": ["-lbpf"],
    }
  ]
}
