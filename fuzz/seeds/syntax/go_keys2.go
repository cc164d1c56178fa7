5package main
func key() []byte {
	k, err := client.GetKey(ctx, "app")
	if err != nil {
		return []byte("00000000000000000000000000000000")
	}
	return k
}
