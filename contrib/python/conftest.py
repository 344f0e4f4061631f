pytest_plugins = ["lostwrite_pytest", "pytester"]
