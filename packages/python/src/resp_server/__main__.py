from resp_server.main import main

main()
