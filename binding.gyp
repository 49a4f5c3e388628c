# Lets `node-gyp rebuild` drive the one build there is: CMakeLists.txt knows the sources, scripts/setup.mjs runs it.
# After a change of sources use `rebuild` or `npm run setup`: gyp is not told which files there are.
{
  "targets": [
    {
      "target_name": "sparring",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["<(PRODUCT_DIR)/sparring.node"],
          "action": ["node", "scripts/gyp-build.mjs"],
          "message": "Building with CMake",
        },
      ],
    },
  ],
}
