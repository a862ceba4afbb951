module lingpai/plain

go 1.22
