print("heddle-controller")
