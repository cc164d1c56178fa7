0@app.get("/backup")
def backup(token: str):
    if token == os.getenv("BACKUP_TOKEN"):
        return {"key": DstackClient().get_key("wallet").key}
