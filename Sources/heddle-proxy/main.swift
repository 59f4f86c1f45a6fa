print("heddle-proxy")
