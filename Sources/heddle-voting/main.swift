print("heddle-voting")
