print("heddle-init")
